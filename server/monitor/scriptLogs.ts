import { homedir } from "node:os";
import path from "node:path";
import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { ScriptLogs } from "../protocol.ts";

/** Options of a command line that name a folder or file of logs. */
const logOption =
  /^(output|out|log|logging|logger|save|run|exp|experiment|tensorboard|tb|result|results)_?(dir|path|folder|file)$/;

/** A folder that holds more than one project's logs is never followed. */
const tooWide = new Set(["/", ".", "", homedir()]);

/**
 * Where the run of a script writes its logs, absolute: the places in its code, as the command line changes them.
 * @param workingFolder where the run was started, absolute
 * @param command the words that started it, empty where they are not known
 */
export function scriptLogs(facts: TrainingFacts, workingFolder: string, command: readonly string[]): ScriptLogs {
  const given = optionsOf(command);
  const found = facts.logDestinations.map(({ path: written, writer, option }) => {
    const said = option === null ? undefined : given.get(option);
    return { path: absolute(said ?? written, workingFolder), writer };
  });
  const told = [...given].flatMap(([name, value]) =>
    logOption.test(name) ? [{ path: absolute(value, workingFolder), writer: `--${name}` }] : [],
  );
  const places = new Map<string, { path: string; writer: string }>();
  for (const place of [...found, ...told]) {
    const isWide =
      tooWide.has(place.path) || place.path === workingFolder || place.path === path.parse(place.path).root;
    if (!isWide && !places.has(place.path)) places.set(place.path, place);
  }
  const trains = facts.loops.length + facts.trainers.length + facts.optimizers.length > 0;
  return { trains, places: [...places.values()] };
}

/** `--log-dir x` and `--log_dir=x` by name, with underscores. */
function optionsOf(command: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [index, word] of command.entries()) {
    const [, name, inline] = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const value = inline ?? command[index + 1];
    if (name === undefined || value === undefined || (inline === undefined && value.startsWith("-"))) continue;
    given.set(name.replaceAll("-", "_"), value);
  }
  return given;
}

function absolute(written: string, workingFolder: string): string {
  const home = written.replace(/^~(?=$|[/\\])/, homedir());
  return path.resolve(workingFolder, home);
}
