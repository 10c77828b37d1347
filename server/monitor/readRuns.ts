import { stat } from "node:fs/promises";
import type { JudgedRun } from "../diagnosis/acrossRuns.ts";
import { readLog } from "../logs/readLog.ts";
import { type FoundLog, findLogs } from "../runs/findLogs.ts";
import { type FoundStore, openStore, storeRunId, storeRunName } from "../runs/openStore.ts";
import type { LinePattern } from "../text/linePattern.ts";
import type { Outcome, Problem } from "../text/problem.ts";
import { createRunReading, type RunReading } from "./runReading.ts";

/** A log that was read to its end, with what its store says of the run beside numbers. */
export interface ReadRun {
  readonly reading: RunReading;
  readonly ownName: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** What is looked at when runs are compared. */
export function judgedRun({ reading, ownName, settings }: ReadRun): JudgedRun {
  return { run: reading.run, verdicts: reading.findings.map(({ verdict }) => verdict), ownName, settings };
}

/**
 * Reads logs to their end (files, or folders whose logs are a run each), in the order of the paths. A path that is not there, or a
 * log without numbers, is a problem that names it; the rest goes on. `patternsFor` gives a user's own forms of lines for the log at a path.
 */
export async function readRuns(
  paths: readonly string[],
  patternsFor?: (path: string) => Promise<readonly LinePattern[]>,
): Promise<Outcome<readonly ReadRun[]>> {
  const problems: Problem[] = [];
  const readings: ReadRun[] = [];
  for (const path of paths) {
    for (const log of await logsAt(path, problems)) {
      if (log.store !== undefined) {
        readings.push(...(await readStore(log, log.store, problems)));
        continue;
      }
      const patterns = (await patternsFor?.(log.path)) ?? [];
      const reading = createRunReading(log.path, log.name, log.path, { patterns });
      try {
        await readLog(log.path, (bytes) => reading.push(bytes));
      } catch (error) {
        problems.push({ path: log.path, message: `cannot be read: ${messageOf(error)}` });
        continue;
      }
      reading.finish();
      problems.push(...reading.problems().map((message) => ({ path: log.path, message })));
      readings.push({ reading, ownName: "", settings: new Map() });
    }
  }
  return { value: readings, problems };
}

async function readStore(log: FoundLog, found: FoundStore, problems: Problem[]): Promise<ReadRun[]> {
  const store = openStore(log.path, found);
  try {
    return (await store.look()).map(({ id, name, records, skipped, settings }) => {
      const reading = createRunReading(storeRunId(log.path, id), storeRunName(log.name, name, id), log.path);
      reading.pushRecords(records, store.format, skipped);
      reading.finish();
      return { reading, ownName: name, settings };
    });
  } catch (error) {
    problems.push({ path: log.path, message: `cannot be read: ${messageOf(error)}` });
    return [];
  }
}

async function logsAt(path: string, problems: Problem[]): Promise<FoundLog[]> {
  try {
    await stat(path);
  } catch (error) {
    problems.push({ path, message: `cannot be read: ${messageOf(error)}` });
    return [];
  }
  const logs = await findLogs(path);
  if (logs.length === 0) {
    problems.push({
      path,
      message:
        "holds no logs (.log, .txt, .out, .err, .jsonl, .csv, .tsv, .wandb, tfevents, trainer_state.json, runs of MLflow, .db)",
    });
  }
  return logs;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
