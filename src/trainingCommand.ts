/** What a command line that was typed in a terminal runs, where that may be training. */
import path from "node:path";

export interface TypedCommand {
  readonly argv: readonly string[];
  /** The script as written, null for a module (`python -m train`) or an entry point. */
  readonly script: string | null;
  /** What the run is called. */
  readonly name: string;
  /** The folder that a `cd` before it leads to, as written; null for none. */
  readonly folder: string | null;
  /** A file that its output goes to (`> train.log`, `| tee train.log`), as written. */
  readonly outputFile: string | null;
}

const interpreter = /^(python|pythonw|pypy|ipython)[\d.]*$/;
const launcher = /^(torchrun|accelerate|deepspeed|horovodrun|colossalai|composer|lightning|fabric|axolotl)$/;
const scriptRunner = /^(node|tsx|ts-node|bun|deno)$/;
const script = /\.(py|ipy|[mc]?[jt]s)$/i;
/** Words before a command that leave it what it is: `time`, `uv run`, `srun`. */
const prefix =
  /^(time|nohup|nice|exec|env|command|sudo|stdbuf|numactl|taskset|xvfb-run|mpirun|mpiexec|srun|uv|poetry|pipenv|pdm|hatch|rye|pixi|conda|mamba|micromamba|npx|pnpm|yarn|npm|run|dlx|--)$/;
/** Modules that never train, and that answer at once. */
const toolModule =
  /^(pip|venv|virtualenv|http|pytest|unittest|json|timeit|cProfile|pdb|ensurepip|build|twine|black|ruff|mypy|flake8|pylint|jupyter|notebook|IPython|ipykernel|tensorboard|mlflow|wandb|site|sysconfig|this)\b/;

/** The last part of the command line that runs a script or module by itself; null for anything else. */
export function typedCommand(line: string): TypedCommand | null {
  let folder: string | null = null;
  let found: TypedCommand | null = null;
  const parts = splitCommands(line);
  for (const [index, { words, joint }] of parts.entries()) {
    if (words[0] === "cd" && words[1] !== undefined) {
      folder = folder === null ? words[1] : path.join(folder, words[1]);
      continue;
    }
    const { rest, outputFile } = withoutRedirections(words);
    const run = ranBy(rest);
    if (run === null) continue;
    const next = parts[index + 1]?.words;
    const teed =
      joint === "|" && next?.[0] === "tee" ? (next.slice(1).find((word) => !word.startsWith("-")) ?? null) : null;
    found = { ...run, folder, outputFile: outputFile ?? teed };
  }
  return found;
}

function ranBy(words: readonly string[]): Pick<TypedCommand, "argv" | "script" | "name"> | null {
  for (const [index, word] of words.entries()) {
    const program = programName(word);
    const rest = words.slice(index + 1);
    if (interpreter.test(program)) return ofInterpreter(words, rest);
    if (launcher.test(program)) return ofFirstScript(words, rest, rest[0] ?? program);
    if (scriptRunner.test(program)) return ofFirstScript(words, rest, null);
    if (index === 0 && script.test(word) && /[/\\]/.test(word)) return ofFirstScript(words, words, null);
    // Options and their values, and `NAME=value`, stand before the command of a prefix.
    const stillBefore = prefix.test(program) || /^[A-Za-z_]\w*=/.test(word) || (index > 0 && /^(-|\d+$)/.test(word));
    const isOptionValue = index > 0 && /^-/.test(words[index - 1] ?? "");
    if (!stillBefore && !isOptionValue) return null;
  }
  return null;
}

function ofInterpreter(argv: readonly string[], rest: readonly string[]): ReturnType<typeof ranBy> {
  for (const [index, word] of rest.entries()) {
    if (word === "-m") {
      const module = rest[index + 1];
      if (module === undefined || toolModule.test(module)) return null;
      return ofFirstScript(argv, rest.slice(index + 2), module);
    }
    if (/^-[a-zA-Z]*c$/.test(word)) return null;
    if (/^-[WX]$/.test(word)) continue;
    if (script.test(word)) return { argv, script: word, name: path.basename(word) };
    // A debugger's launcher is a folder: `python …/debugpy/launcher 51234 -- train.py`.
    if (/debugpy/.test(word)) return ofFirstScript(argv, rest.slice(index + 1), null);
  }
  return null;
}

function ofFirstScript(
  argv: readonly string[],
  rest: readonly string[],
  name: string | null,
): ReturnType<typeof ranBy> {
  const first = rest.find((word) => script.test(word));
  if (first !== undefined) return { argv, script: first, name: path.basename(first) };
  return name === null ? null : { argv, script: null, name };
}

function programName(word: string): string {
  return (word.split(/[\\/]/).pop() ?? "").replace(/\.exe$/i, "");
}

function withoutRedirections(words: readonly string[]): { rest: string[]; outputFile: string | null } {
  const rest: string[] = [];
  let outputFile: string | null = null;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const [, target] = /^(?:1|&)?>>?(.*)$/.exec(word) ?? [];
    if (target === undefined) {
      if (!/^2>(>|&1)?/.test(word)) rest.push(word);
      continue;
    }
    outputFile = target === "" ? (words[++index] ?? null) : target.startsWith("&") ? outputFile : target;
  }
  return { rest, outputFile: outputFile === "/dev/null" ? null : outputFile };
}

interface Part {
  readonly words: readonly string[];
  /** What stands behind it: `&&`, `;`, `|`, or nothing. */
  readonly joint: string;
}

/** Words as a shell splits them, at least where quotes are plain. */
function splitCommands(line: string): readonly Part[] {
  const parts: Part[] = [];
  let words: string[] = [];
  let word: string | null = null;
  const endWord = () => {
    if (word !== null) words.push(word);
    word = null;
  };
  const endPart = (joint: string) => {
    endWord();
    if (words.length > 0) parts.push({ words, joint });
    words = [];
  };
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (character === "'" || character === '"') {
      const end = line.indexOf(character, at + 1);
      word = (word ?? "") + line.slice(at + 1, end < 0 ? undefined : end);
      at = end < 0 ? line.length : end;
    } else if (character === "\\" && /[\s"'\\]/.test(line[at + 1] ?? "")) {
      at++;
      if (line[at] !== "\n") word = (word ?? "") + line[at];
    } else if (character === "&" && (line[at + 1] === ">" || /[<>]$/.test(word ?? ""))) {
      word = `${word ?? ""}&`;
    } else if (/[;&|\n]/.test(character)) {
      const joint = line[at + 1] === character ? character.repeat(2) : character;
      at += joint.length - 1;
      endPart(joint);
    } else if (/\s/.test(character)) {
      endWord();
    } else {
      word = (word ?? "") + character;
    }
  }
  endPart("");
  return parts;
}
