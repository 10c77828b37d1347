import type { LogRecord } from "./logFormat.ts";

/** What was written about one run since the last look. */
export interface StoreRun {
  /** Tells it from the other runs of the store; empty for the only run of one. */
  readonly id: string;
  /** As its maker named it; empty when it has no name. */
  readonly name: string;
  /** In the order of writing, a record a step; `line` counts them from 1 and `endOffset` grows with them. */
  readonly records: readonly LogRecord[];
  /** The run's own word on how it stands, null where the store does not say. */
  readonly state: "running" | "finished" | "failed" | null;
  /** Settings that the run was logged with, by name; only those that are new or have changed. */
  readonly settings: ReadonlyMap<string, string>;
  /** Lines or rows that could not be read so far. */
  readonly skipped: number;
}

/** A log that is more than one growing file: a folder of files, or a database that may hold several runs. */
export interface LogStore {
  /** As a format is shown: `mlflow`, `mlflow-db`, `trackio`, `tensorboard`. */
  readonly format: string;
  /**
   * Reads on. Runs with nothing new are left out. Rejects when the store cannot be read at this moment (a writer is in
   * the middle of a change, the file is gone); the next look goes on from where the last one ended.
   */
  look(): Promise<StoreRun[]>;
}

/** Records of one step are written one value after another: joins values with the same step and time order into records. */
export function createRecordJoiner(): {
  add(name: string, step: number, wallTime: number, value: number): void;
  /** The records since the last call; a step that is still being written may come again with its other values. */
  take(): LogRecord[];
} {
  const lastSteps = new Map<string, number>();
  let ordinal = 0;
  let out: LogRecord[] = [];
  let open: { readonly values: Map<string, number>; readonly step: number } | null = null;

  return {
    add(name, step, wallTime, value) {
      const before = lastSteps.get(name);
      const restart = before !== undefined && step < before;
      if (restart) {
        lastSteps.clear();
      }
      lastSteps.set(name, step);
      if (open !== null && !restart && open.step === step && !open.values.has(name)) {
        open.values.set(name, value);
        return;
      }
      const values = new Map([[name, value]]);
      open = { values, step };
      ordinal++;
      const record = { values, line: ordinal, endOffset: ordinal, step };
      out.push({ ...record, ...(Number.isNaN(wallTime) ? {} : { wallTime }), ...(restart ? { restart } : {}) });
    },
    take() {
      const taken = out;
      out = [];
      open = null;
      return taken;
    },
  };
}
