/** How a script is run: which interpreter, with which arguments. */
import { access } from "node:fs/promises";
import path from "node:path";

export interface ScriptCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** What a script's name says about how to run it; null for a file that is no script. */
export function scriptLanguage(file: string): "python" | "javascript" | "typescript" | null {
  const extension = path.extname(file).toLowerCase();
  if (extension === ".py") return "python";
  if ([".js", ".mjs", ".cjs"].includes(extension)) return "javascript";
  return [".ts", ".mts", ".cts"].includes(extension) ? "typescript" : null;
}

/** Python prints line by line instead of when its buffer is full: a run is followed as it prints. */
export function pythonCommand(interpreter: string, script: string): ScriptCommand {
  return { argv: [interpreter, script], env: { PYTHONUNBUFFERED: "1" } };
}

/** TypeScript through the project's own `tsx` when it has one, else Node itself, which runs it from 22.18 on. */
export async function nodeCommand(script: string): Promise<ScriptCommand> {
  if (scriptLanguage(script) === "typescript") {
    for (let folder = path.dirname(script); ; folder = path.dirname(folder)) {
      const tsx = path.join(folder, "node_modules", "tsx", "dist", "cli.mjs");
      if (await exists(tsx)) return { argv: ["node", tsx, script], env: {} };
      if (path.dirname(folder) === folder) break;
    }
  }
  return { argv: ["node", script], env: {} };
}

/** The first of `names` that is a program on `searchPath`, null for none. */
export async function findOnPath(
  names: readonly string[],
  searchPath: string,
  extensions: readonly string[],
): Promise<string | null> {
  for (const name of names) {
    for (const folder of searchPath.split(path.delimiter).filter(Boolean)) {
      for (const extension of extensions) {
        if (await exists(path.join(folder, name + extension))) return name;
      }
    }
  }
  return null;
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
