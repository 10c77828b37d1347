import { readFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { createLinter } from "../lint/linter.ts";
import { createParsers } from "../lint/loadParsers.ts";
import type { MonitorOptions } from "../monitor/monitor.ts";

/** Reads what scripts on disk say about training, for leading verdicts to their lines. */
export interface FactsReader {
  readonly factsOf: MonitorOptions["factsOf"];
  /** Resolves when whatever was asked has been answered and heard: a verdict that waits for it is then told. */
  settled(): Promise<void>;
}

export function createFactsReader(): FactsReader {
  const linter = createLinter(createParsers());
  const asked: Promise<unknown>[] = [];
  const read = async (path: string) => {
    // A line of a notebook is one of a cell, which a place in a file cannot say.
    if (path.endsWith(".ipynb")) return null;
    const text = await readFile(path, "utf8").catch(() => null);
    return text === null ? null : { text, facts: (await linter.lintText({ path, text })).facts };
  };
  return {
    factsOf(path) {
      const answer = read(path);
      asked.push(answer);
      return answer;
    },
    async settled() {
      await Promise.allSettled(asked);
      await setImmediate();
    },
  };
}
