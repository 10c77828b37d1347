import { isRecord } from "../text/plainRecord.ts";
import { createRecordJoiner, type LogStore, type StoreRun } from "./logStore.ts";
import { parseNumber } from "./numberText.ts";
import { openSqlite, type SqliteFile, type SqliteValue, sqliteState } from "./sqliteFile.ts";

/** Looks taken again when a writer changed the database meanwhile; the next look comes soon anyway. */
const mostTries = 3;

/** MLflow writes infinities as the largest numbers (mlflow/store/tracking/sqlalchemy_store.py, `log_metric`). */
const largest = 1.7976931348623157e308;

interface KnownRun {
  name: string;
  state: StoreRun["state"];
  told: StoreRun["state"];
  skipped: number;
  /** What has changed since it was last told. */
  settings: Map<string, string>;
  readonly known: Map<string, string>;
  readonly joiner: ReturnType<typeof createRecordJoiner>;
}

/** Which tables of metrics a database has, null when it is no log. */
export async function databaseKind(path: string): Promise<"mlflow-db" | "trackio" | null> {
  const file = await openSqlite(path).catch(() => null);
  if (file === null) {
    return null;
  }
  await file.close();
  const columns = file.tables.get("metrics")?.columns ?? [];
  return columns.includes("run_uuid") && columns.includes("is_nan")
    ? "mlflow-db"
    : columns.includes("run_name") && columns.includes("metrics")
      ? "trackio"
      : null;
}

/** The runs in `mlflow.db` (MLflow's default store) or in a project's database of trackio. */
export function openMetricsDatabase(path: string, kind: "mlflow-db" | "trackio"): LogStore {
  const runs = new Map<string, KnownRun>();
  let lastMetric = 0;
  let lastSetting = 0;
  let state = "";

  function runOf(id: string): KnownRun {
    let run = runs.get(id);
    if (run === undefined) {
      run = {
        name: id,
        state: null,
        told: null,
        skipped: 0,
        settings: new Map(),
        known: new Map(),
        joiner: createRecordJoiner(),
      };
      runs.set(id, run);
    }
    return run;
  }

  function taken(): StoreRun[] {
    return [...runs].flatMap(([id, run]) => {
      const records = run.joiner.take();
      const { settings } = run;
      if (records.length === 0 && run.state === run.told && settings.size === 0) {
        return [];
      }
      run.settings = new Map();
      run.told = run.state;
      return [{ id, name: run.name, records, state: run.state, settings, skipped: run.skipped }];
    });
  }

  return {
    format: kind,
    async look() {
      for (let round = 0; ; round++) {
        const before = await sqliteState(path);
        if (before === state) {
          return taken();
        }
        const file = await openSqlite(path);
        try {
          const read = await (kind === "trackio"
            ? trackioRows(file, lastMetric)
            : mlflowRows(file, lastMetric, lastSetting));
          // A change while it was read may have moved rows from page to page.
          if ((await sqliteState(path)) !== before && round < mostTries) {
            continue;
          }
          read.fill(runOf);
          lastMetric = read.lastMetric;
          lastSetting = read.lastSetting;
          state = before;
          return taken();
        } finally {
          await file.close();
        }
      }
    },
  };
}

function setSetting(run: KnownRun, key: string, value: string): void {
  if (run.known.get(key) !== value) {
    run.known.set(key, value);
    run.settings.set(key, value);
  }
}

interface ReadRows {
  readonly lastMetric: number;
  readonly lastSetting: number;
  fill(runOf: (id: string) => KnownRun): void;
}

const mlflowStates = new Map<SqliteValue, StoreRun["state"]>([
  ["FINISHED", "finished"],
  ["FAILED", "failed"],
  ["KILLED", "failed"],
  ["RUNNING", "running"],
  ["SCHEDULED", "running"],
]);

async function mlflowRows(file: SqliteFile, afterMetric: number, afterSetting: number): Promise<ReadRows> {
  const metrics: SqliteValue[][] = [];
  const params: SqliteValue[][] = [];
  const named: SqliteValue[][] = [];
  let lastMetric = afterMetric;
  let lastSetting = afterSetting;
  const metricsTable = file.tables.get("metrics");
  if (metricsTable !== undefined) {
    const columns = ["run_uuid", "key", "step", "timestamp", "value", "is_nan"];
    await file.rows(metricsTable, columns, afterMetric, (rowid, values) => {
      lastMetric = rowid;
      metrics.push([...values]);
    });
  }
  const paramsTable = file.tables.get("params");
  if (paramsTable !== undefined) {
    await file.rows(paramsTable, ["run_uuid", "key", "value"], afterSetting, (rowid, values) => {
      lastSetting = rowid;
      params.push([...values]);
    });
  }
  const runsTable = file.tables.get("runs");
  if (runsTable !== undefined) {
    await file.rows(runsTable, ["run_uuid", "name", "status", "lifecycle_stage"], 0, (_, values) =>
      named.push([...values]),
    );
  }
  return {
    lastMetric,
    lastSetting,
    fill(runOf) {
      const deleted = new Set<SqliteValue>();
      for (const [id, name, status, stage] of named) {
        if (stage === "deleted" || typeof id !== "string") {
          deleted.add(id ?? null);
          continue;
        }
        const run = runOf(id);
        run.name = typeof name === "string" && name !== "" ? name : id;
        run.state = mlflowStates.get(status ?? null) ?? null;
      }
      for (const [id, key, step, timestamp, value, isNan] of metrics) {
        if (typeof id === "string" && typeof key === "string" && !deleted.has(id)) {
          const number = typeof value === "number" ? value : 0;
          const meant =
            isNan === 1
              ? Number.NaN
              : Math.abs(number) >= largest
                ? Math.sign(number) * Number.POSITIVE_INFINITY
                : number;
          const wallTime = typeof timestamp === "number" ? timestamp / 1000 : Number.NaN;
          runOf(id).joiner.add(key, typeof step === "number" ? step : 0, wallTime, meant);
        }
      }
      for (const [id, key, value] of params) {
        if (typeof id === "string" && typeof key === "string" && !deleted.has(id)) {
          setSetting(runOf(id), key, String(value));
        }
      }
    },
  };
}

async function trackioRows(file: SqliteFile, afterMetric: number): Promise<ReadRows> {
  const rows: SqliteValue[][] = [];
  const configs: SqliteValue[][] = [];
  let lastMetric = afterMetric;
  const table = file.tables.get("metrics");
  if (table !== undefined) {
    await file.rows(table, ["run_name", "step", "timestamp", "metrics", "run_id"], afterMetric, (rowid, values) => {
      lastMetric = rowid;
      rows.push([...values]);
    });
  }
  const configTable = file.tables.get("configs");
  if (configTable !== undefined) {
    await file.rows(configTable, ["run_name", "config", "run_id"], 0, (_, values) => configs.push([...values]));
  }
  return {
    lastMetric,
    lastSetting: 0,
    fill(runOf) {
      for (const [name, step, timestamp, json, id] of rows) {
        if (typeof name !== "string") {
          continue;
        }
        const run = named(runOf, name, id);
        const values = jsonObject(json);
        if (values === null) {
          run.skipped++;
          continue;
        }
        const wallTime = typeof timestamp === "string" ? Date.parse(timestamp) / 1000 : Number.NaN;
        for (const [key, value] of Object.entries(values)) {
          const number = typeof value === "number" ? value : typeof value === "string" ? parseNumber(value) : null;
          if (number !== null) {
            run.joiner.add(key, typeof step === "number" ? step : 0, wallTime, number);
          }
        }
      }
      for (const [name, json, id] of configs) {
        for (const [key, value] of Object.entries(jsonObject(json) ?? {})) {
          if (typeof name === "string" && !key.startsWith("_") && typeof value !== "object") {
            setSetting(named(runOf, name, id), key, String(value));
          }
        }
      }
    },
  };
}

/** Older releases knew runs by their names alone. */
function named(runOf: (id: string) => KnownRun, name: string, id: SqliteValue | undefined): KnownRun {
  const run = runOf(typeof id === "string" ? id : name);
  run.name = name;
  return run;
}

function jsonObject(text: SqliteValue | undefined): Record<string, unknown> | null {
  if (typeof text !== "string") {
    return null;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
