import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FileTail, openFileTail } from "./fileTail.ts";
import { createLineDecoder, type LineDecoder } from "./lineDecoder.ts";
import { createRecordJoiner, type LogStore, type StoreRun } from "./logStore.ts";
import { parseNumber } from "./numberText.ts";

/** `RunStatus` of mlflow/entities/run_status.py. */
const states: Readonly<Record<string, StoreRun["state"]>> = {
  "1": "running",
  "2": "running",
  "3": "finished",
  "4": "failed",
  "5": "failed",
};

/** Metrics are files in folders, since their names may hold slashes; deeper than this is none. */
const deepest = 8;

interface MetricFile {
  readonly name: string;
  readonly tail: FileTail;
  readonly decoder: LineDecoder;
}

/** One value of a metric as its line holds it. */
interface MetricValue {
  readonly name: string;
  readonly timestamp: number;
  readonly step: number;
  readonly value: number;
}

/** True for the folder of one run of MLflow's file store: `meta.yaml` beside `metrics/`. */
export async function isMlflowRun(folder: string): Promise<boolean> {
  const metrics = await stat(join(folder, "metrics")).catch(() => null);
  const meta = await readFile(join(folder, "meta.yaml"), "utf8").catch(() => "");
  return metrics?.isDirectory() === true && /^(?:run_id|run_uuid):/m.test(meta);
}

/**
 * A run of MLflow's file store (mlflow/store/tracking/file_store.py): a file a metric, with lines `timestamp value step`,
 * of which the step may be absent (0). Values of all metrics come in the order of their timestamps.
 */
export function openMlflowFiles(folder: string): LogStore {
  const files = new Map<string, MetricFile>();
  const joiner = createRecordJoiner();
  const known = new Map<string, string>();
  let told: StoreRun["state"] = null;
  let skipped = 0;

  async function metricFiles(at: string, name: string, depth: number): Promise<void> {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(at, entry.name);
      const full = name === "" ? entry.name : `${name}/${entry.name}`;
      if (entry.isDirectory() && depth < deepest) {
        await metricFiles(path, full, depth + 1);
      } else if (entry.isFile() && !files.has(path)) {
        files.set(path, { name: full, tail: openFileTail(path), decoder: createLineDecoder({ atReturns: false }) });
      }
    }
  }

  function valueIn(name: string, line: string): MetricValue | null {
    const [timestamp, value, step] = line.split(" ");
    const number = parseNumber(value ?? "");
    const at = Number(timestamp);
    const counted = step === undefined ? 0 : Number(step);
    return number === null || !Number.isFinite(at) || !Number.isFinite(counted)
      ? null
      : { name, timestamp: at, step: counted, value: number };
  }

  async function newValues(): Promise<MetricValue[]> {
    const values: MetricValue[] = [];
    for (const { name, tail, decoder } of files.values()) {
      const take = (bytes: Uint8Array): void =>
        decoder.push(bytes, (line) => {
          const value = valueIn(name, line);
          if (value !== null) {
            values.push(value);
          } else if (line.trim() !== "") {
            skipped++;
          }
        });
      await tail.read(take);
    }
    return values.sort((a, b) => a.timestamp - b.timestamp || a.step - b.step);
  }

  async function newSettings(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const params = join(folder, "params");
    const entries = await readdir(params, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(params.length + 1).replaceAll("\\", "/");
      if (!known.has(name)) {
        const value = await readFile(path, "utf8").catch(() => "");
        known.set(name, value);
        found.set(name, value);
      }
    }
    return found;
  }

  return {
    format: "mlflow",
    async look() {
      const meta = await readFile(join(folder, "meta.yaml"), "utf8");
      const name = /^run_name:\s*['"]?(.*?)['"]?\s*$/m.exec(meta)?.[1] ?? "";
      const state = states[/^status:\s*(\d+)/m.exec(meta)?.[1] ?? ""] ?? null;
      await metricFiles(join(folder, "metrics"), "", 0);
      for (const { name: metric, timestamp, step, value } of await newValues()) {
        joiner.add(metric, step, timestamp / 1000, value);
      }
      const records = joiner.take();
      const settings = await newSettings();
      if (records.length === 0 && settings.size === 0 && state === told) {
        return [];
      }
      told = state;
      return [{ id: "", name, records, state, settings, skipped }];
    },
  };
}
