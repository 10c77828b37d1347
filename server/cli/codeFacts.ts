import { readFile } from "node:fs/promises";
import { createLinter } from "../lint/linter.ts";
import { createParsers } from "../lint/loadParsers.ts";
import type { MonitorOptions } from "../monitor/monitor.ts";

/** Reads what a script on disk says about training, for leading verdicts to its lines. */
export function createFactsReader(): MonitorOptions["factsOf"] {
  const linter = createLinter(createParsers());
  return async (path) => {
    const text = await readFile(path, "utf8").catch(() => null);
    return text === null ? null : { text, facts: (await linter.lintText({ path, text })).facts };
  };
}
