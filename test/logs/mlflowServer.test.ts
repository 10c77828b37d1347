import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import type { StoreRun } from "../../server/logs/logStore.ts";
import { openMlflowServer } from "../../server/logs/mlflowServer.ts";

interface FakeRun {
  readonly id: string;
  status: string;
  readonly params: Record<string, string>;
  /** As the server's JSON has it: NaN and infinities are texts. */
  readonly points: { key: string; value: number | string; timestamp: number; step: number }[];
}

let runs: FakeRun[] = [];
let asked: string[] = [];
let token: string | null = null;
let server: Server;
let url = "";

/** Answers as mlflow 3's REST API does, pages of `pageSize` points. */
function answerOf(request: IncomingMessage, body: string, pageSize: number): { status: number; value: unknown } {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
  asked.push(pathname.replace("/api/2.0/mlflow/", ""));
  if (token !== null && request.headers.authorization !== token) return { status: 401, value: {} };
  switch (pathname) {
    case "/api/2.0/mlflow/experiments/search":
      return {
        status: 200,
        value: {
          experiments: [
            { experiment_id: "0", name: "Default" },
            { experiment_id: "7", name: "lm" },
          ],
        },
      };
    case "/api/2.0/mlflow/runs/search": {
      const { experiment_ids } = JSON.parse(body) as { experiment_ids: string[] };
      const found = experiment_ids.includes("7") ? runs : [];
      return { status: 200, value: { runs: found.map(runOf) } };
    }
    case "/api/2.0/mlflow/metrics/get-history": {
      const run = runs.find(({ id }) => id === searchParams.get("run_id"));
      const own = run?.points.filter(({ key }) => key === searchParams.get("metric_key")) ?? [];
      const from = Number(searchParams.get("page_token") ?? 0);
      const page = own.slice(from, from + pageSize);
      const more = from + pageSize < own.length ? { next_page_token: String(from + pageSize) } : {};
      return { status: 200, value: { metrics: page, ...more } };
    }
    default:
      return { status: 404, value: { error_code: "ENDPOINT_NOT_FOUND" } };
  }
}

function runOf({ id, status, params, points }: FakeRun) {
  const last = new Map(points.map((point) => [point.key, point]));
  return {
    info: { run_id: id, run_name: `name of ${id}`, status, start_time: 1 },
    data: { metrics: [...last.values()], params: Object.entries(params).map(([key, value]) => ({ key, value })) },
  };
}

beforeEach(async () => {
  [runs, asked, token] = [[], [], null];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const { status, value } = answerOf(request, body, 3);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function opened(more: { token?: string; experiments?: string[] } = {}) {
  const problems: (string | null)[] = [];
  const store = openMlflowServer({
    url,
    token: more.token ?? null,
    experiments: more.experiments ?? [],
    onProblem: (problem) => problems.push(problem),
    interval: 0,
  });
  return { store, problems };
}

function log(run: FakeRun, step: number, values: Record<string, number | string>): void {
  for (const [key, value] of Object.entries(values)) run.points.push({ key, value, timestamp: 1000 * step, step });
}

function rows(read: readonly StoreRun[]): unknown[] {
  return read.flatMap(({ records }) => records.map(({ step, values }) => [step, Object.fromEntries(values)]));
}

test("reads runs with their settings, then only what is new, through pages", async () => {
  const run: FakeRun = { id: "a", status: "RUNNING", params: { lr: "0.001" }, points: [] };
  runs.push(run);
  for (let step = 0; step < 8; step++) log(run, step, { loss: 2 - step / 10, lr: 0.001 });
  const { store, problems } = opened();
  const [first] = await store.look();
  assert.equal(first?.name, "name of a");
  assert.equal(first?.state, "running");
  assert.deepEqual([...(first?.settings ?? [])], [["lr", "0.001"]]);
  assert.equal(first?.records.length, 8);
  assert.deepEqual(rows(first === undefined ? [] : [first])[3], [3, { loss: 1.7, lr: 0.001 }]);

  asked = [];
  assert.deepEqual(await store.look(), []);
  assert.ok(!asked.includes("metrics/get-history"), "a metric without news is not asked for");
  log(run, 8, { loss: "NaN", lr: 0.001 });
  log(run, 9, { loss: "Infinity", lr: 0.001 });
  run.status = "FAILED";
  const again = await store.look();
  assert.deepEqual(rows(again), [
    [8, { loss: Number.NaN, lr: 0.001 }],
    [9, { loss: Number.POSITIVE_INFINITY, lr: 0.001 }],
  ]);
  assert.equal(again[0]?.state, "failed");
  assert.deepEqual(problems, []);
});

test("sends the token, and says once that it is missing", async () => {
  token = "Bearer secret";
  runs.push({ id: "a", status: "RUNNING", params: {}, points: [] });
  const without = opened();
  for (let look = 0; look < 3; look++) assert.deepEqual(await without.store.look(), []);
  assert.equal(without.problems.length, 1);
  assert.match(without.problems[0] ?? "", /401.*token/);
  const withToken = opened({ token: "secret" });
  assert.equal((await withToken.store.look()).length, 1);
  token = `Basic ${Buffer.from("me:pw").toString("base64")}`;
  assert.equal((await opened({ token: "me:pw" }).store.look()).length, 1);
});

test("goes on where it was after the server was away", async () => {
  const run: FakeRun = { id: "a", status: "RUNNING", params: {}, points: [] };
  runs.push(run);
  log(run, 1, { loss: 1 });
  const { store, problems } = opened();
  assert.deepEqual(rows(await store.look()), [[1, { loss: 1 }]]);
  token = "Bearer other";
  await store.look();
  await store.look();
  token = null;
  log(run, 2, { loss: 0.5 });
  assert.deepEqual(rows(await store.look()), [[2, { loss: 0.5 }]]);
  assert.equal(problems.length, 2);
  assert.equal(problems[1], null);
});

test("follows only the experiments that are named", async () => {
  runs.push({ id: "a", status: "RUNNING", params: {}, points: [] });
  assert.equal((await opened({ experiments: ["lm"] }).store.look()).length, 1);
  assert.deepEqual(await opened({ experiments: ["Default"] }).store.look(), []);
});
