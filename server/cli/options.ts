import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearestHint } from "../config/nearestName.ts";
import type { SeveritySetting } from "../rules/rule.ts";
import { UsageError } from "./io.ts";

/** The command's options and positionals, read by `parseArgs`; throws `UsageError` in a user's words. */
export function readOptions<T extends ParseArgsConfig>(argv: readonly string[], config: T) {
  try {
    return parseArgs({ ...config, args: [...argv], allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(plainMessage(error));
  }
}

/** One of the words that an option takes, else `UsageError` with the list of them. */
export function oneOf<T extends string>(option: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found === undefined) {
    throw new UsageError(`${option} takes ${words.join(", ")}, not "${value}"${nearestHint(value, words)}.`);
  }
  return found;
}

const severities: readonly SeveritySetting[] = ["off", "hint", "info", "warning", "error"];

/** `--rule NAME=SEVERITY`, given any number of times, as a map; later ones win. */
export function ruleSeverities(
  given: readonly string[],
  knownRules: readonly string[],
): Readonly<Record<string, SeveritySetting>> {
  return Object.fromEntries(
    given.map((setting) => {
      const equals = setting.indexOf("=");
      const name = equals < 0 ? setting : setting.slice(0, equals);
      if (!knownRules.includes(name)) {
        const near = nearestHint(name, knownRules);
        throw new UsageError(`--rule names "${name}", which is no rule${near}. \`haywire rule\` lists them.`);
      }
      return [name, oneOf(`--rule ${name}`, equals < 0 ? "" : setting.slice(equals + 1), severities)];
    }),
  );
}

function plainMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const unknownOption = /^Unknown option '([^']+)'/.exec(text);
  if (unknownOption) return `Unknown option ${unknownOption[1]}.`;
  return text.split("\n")[0] ?? text;
}
