import { isRecord } from "../text/plainRecord.ts";
import { createRecordJoiner, type LogStore, type StoreRun } from "./logStore.ts";

/** A tracking server and how it is asked. */
export interface MlflowServerOptions {
  /** `https://mlflow.example.org`, also with a path before `/api`. */
  readonly url: string;
  /** A bearer token, or `user:password`; null for a server that asks for neither. */
  readonly token: string | null;
  /** Names of the experiments that are followed; empty for all. */
  readonly experiments: readonly string[];
  /** Told once when asking begins to fail, in a sentence, and once with null when it works again. */
  readonly onProblem: (problem: string | null) => void;
  /** Milliseconds; 5,000 by default: MLflow's own pages ask as often while a run is live (`pollInterval`, 10 s, in 3.x). */
  readonly interval?: number;
}

/** Runs that are looked at, the newest first: MLflow's largest page is 50,000, which is more than one person follows. */
const mostRuns = 100;
const pageSize = 1_000;
/** Points of one metric in one answer (`MAX_RESULTS_GET_METRIC_HISTORY` is 25,000 in mlflow 3). */
const historyPage = 25_000;
/** Answers that are waited for at a time. */
const mostAtOnce = 4;
const timeout = 20_000;
const longestWait = 120_000;
/** A history comes as a whole each time: of one with more points than this it is asked for more rarely, in proportion. */
const freelyAsked = 5_000;

interface Point {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

interface KnownMetric {
  points: number;
  /** The last point that the list of runs told, as text: a metric with the same one has nothing new. */
  last: string;
  /** Not before this time, in ms since 1970. */
  next: number;
}

interface KnownRun {
  readonly metrics: Map<string, KnownMetric>;
  readonly settings: Map<string, string>;
  readonly joiner: ReturnType<typeof createRecordJoiner>;
  state: StoreRun["state"];
}

/** The runs of a tracking server, through MLflow's REST API 2.0. A look that comes too early gives nothing; none rejects. */
export function openMlflowServer(options: MlflowServerOptions): LogStore {
  const interval = options.interval ?? 5_000;
  const base = `${options.url.replace(/\/+$/, "")}/api/2.0/mlflow/`;
  const known = new Map<string, KnownRun>();
  let next = 0;
  let failures = 0;

  async function ask(
    path: string,
    query: Record<string, string> | null,
    body: unknown,
  ): Promise<Record<string, unknown>> {
    const search = query === null ? "" : `?${new URLSearchParams(query)}`;
    const answer = await fetch(`${base}${path}${search}`, {
      method: body === null ? "GET" : "POST",
      headers: { "content-type": "application/json", ...authorization(options.token) },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      // A token goes to the server that it is for and to no other.
      redirect: "error",
      signal: AbortSignal.timeout(timeout),
    });
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(
        `it answers ${answer.status}${answer.status === 401 || answer.status === 403 ? ", which asks for a token" : ""}`,
      );
    }
    const parsed: unknown = JSON.parse(text);
    if (!isRecord(parsed)) throw new Error("its answer is no answer of MLflow's");
    return parsed;
  }

  async function experimentIds(): Promise<string[]> {
    const found: string[] = [];
    let token = "";
    do {
      const body = { max_results: pageSize, ...(token === "" ? {} : { page_token: token }) };
      const answer = await ask("experiments/search", null, body);
      for (const each of recordsOf(answer.experiments)) {
        const wanted = options.experiments.length === 0 || options.experiments.includes(String(each.name));
        if (wanted) found.push(String(each.experiment_id));
      }
      token = typeof answer.next_page_token === "string" ? answer.next_page_token : "";
    } while (token !== "");
    return found;
  }

  async function lookAtServer(): Promise<StoreRun[]> {
    const ids = await experimentIds();
    if (ids.length === 0) return [];
    const body = { experiment_ids: ids, max_results: mostRuns, order_by: ["attributes.start_time DESC"] };
    const runs = recordsOf((await ask("runs/search", null, body)).runs);
    const told: StoreRun[] = [];
    await inTurns(runs, async (run) => {
      const read = await lookAtRun(run);
      if (read !== null) told.push(read);
    });
    return told;
  }

  async function lookAtRun(answer: Record<string, unknown>): Promise<StoreRun | null> {
    const info = isRecord(answer.info) ? answer.info : {};
    const data = isRecord(answer.data) ? answer.data : {};
    const id = String(info.run_id ?? info.run_uuid ?? "");
    if (id === "") return null;
    const run = known.get(id) ?? { metrics: new Map(), settings: new Map(), joiner: createRecordJoiner(), state: null };
    known.set(id, run);
    const points: Point[] = [];
    const state = stateOf(info.status);
    const ended = state === "finished" || state === "failed";
    try {
      for (const latest of recordsOf(data.metrics).map(pointOf)) {
        if (latest !== null) {
          points.push(...(await newPoints(id, run, latest, ended)));
        }
      }
    } finally {
      // What came before a failure is told with the next look.
      points.sort((a, b) => a.timestamp - b.timestamp || a.step - b.step);
      for (const { key, step, timestamp, value } of points) {
        run.joiner.add(key, step, timestamp / 1000, value);
      }
    }
    const settings = new Map<string, string>();
    for (const { key, value } of recordsOf(data.params)) {
      if (run.settings.get(String(key)) === String(value)) continue;
      run.settings.set(String(key), String(value));
      settings.set(String(key), String(value));
    }
    const records = run.joiner.take();
    if (records.length === 0 && settings.size === 0 && state === run.state) return null;
    run.state = state;
    return { id, name: String(info.run_name ?? id), records, state, settings, skipped: 0 };
  }

  async function newPoints(runId: string, run: KnownRun, latest: Point, ended: boolean): Promise<readonly Point[]> {
    const metric = run.metrics.get(latest.key) ?? { points: 0, last: "", next: 0 };
    run.metrics.set(latest.key, metric);
    const last = `${latest.timestamp} ${latest.step} ${latest.value}`;
    if (metric.last === last || (Date.now() < metric.next && !ended)) return [];
    const history: Point[] = [];
    let token = "";
    do {
      const query = { run_id: runId, metric_key: latest.key, max_results: String(historyPage) };
      const answer = await ask("metrics/get-history", token === "" ? query : { ...query, page_token: token }, null);
      history.push(...recordsOf(answer.metrics).flatMap((each) => pointOf(each) ?? []));
      token = typeof answer.next_page_token === "string" ? answer.next_page_token : "";
    } while (token !== "");
    // The order of a history is the store's: by time where it is a database, by writing where it is files.
    history.sort((a, b) => a.timestamp - b.timestamp);
    const fresh = history.slice(metric.points);
    metric.points = history.length;
    metric.last = last;
    metric.next = Date.now() + Math.floor(history.length / freelyAsked) * interval;
    return fresh;
  }

  return {
    format: "mlflow-server",
    async look() {
      if (Date.now() < next) return [];
      next = Number.POSITIVE_INFINITY;
      try {
        const runs = await lookAtServer();
        if (failures > 0) options.onProblem(null);
        failures = 0;
        next = Date.now() + interval;
        return runs;
      } catch (error) {
        failures++;
        next = Date.now() + Math.min(longestWait, interval * 2 ** Math.min(failures, 10));
        if (failures === 1)
          options.onProblem(`The MLflow server at ${options.url} cannot be followed: ${reasonOf(error)}.`);
        return [];
      }
    },
  };
}

function authorization(token: string | null): Record<string, string> {
  if (token === null || token === "") return {};
  const isPair = token.includes(":");
  return { authorization: isPair ? `Basic ${Buffer.from(token, "utf8").toString("base64")}` : `Bearer ${token}` };
}

function recordsOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Numbers that JSON has no word for come as `"NaN"` and `"Infinity"`, whole numbers of 64 bits as text (protobuf's JSON). */
function pointOf(each: Record<string, unknown>): Point | null {
  const [value, timestamp, step] = [each.value, each.timestamp, each.step ?? 0].map(Number);
  const isPoint =
    typeof each.key === "string" && value !== undefined && Number.isFinite(timestamp) && Number.isFinite(step);
  return isPoint ? { key: String(each.key), value, timestamp: timestamp ?? 0, step: step ?? 0 } : null;
}

function stateOf(status: unknown): StoreRun["state"] {
  if (status === "FINISHED") return "finished";
  if (status === "FAILED" || status === "KILLED") return "failed";
  return status === "RUNNING" ? "running" : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer in ${timeout / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code === "ECONNREFUSED" ? "nothing listens there" : code !== "" ? code : error.message;
}

/** Works on some at a time: a server with hundreds of runs is not asked about all of them at once. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: mostAtOnce }, worker));
}
