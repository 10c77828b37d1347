import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { StoreRun } from "../../server/logs/logStore.ts";
import { openMetricsDatabase } from "../../server/logs/metricsDatabase.ts";
import { openSqlite, type SqliteValue } from "../../server/logs/sqliteFile.ts";
import { findLogs } from "../../server/runs/findLogs.ts";

let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "haywire-"));
});
after(async () => {
  await rm(folder, { recursive: true });
});

/** Runs a program of Python's own SQLite with `path` and `db` (a connection); gives what it prints as JSON. */
function python(path: string, program: string): unknown {
  const script = `import json, os, sqlite3, sys\npath = sys.argv[1]\ndb = sqlite3.connect(path)\n${program}\n`;
  const { stdout, stderr, status } = spawnSync("python3", ["-c", script, path], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout === "" ? null : JSON.parse(stdout);
}

async function rowsOf(path: string, table: string, columns: readonly string[], after = 0): Promise<unknown[]> {
  const file = await openSqlite(path);
  try {
    const found = file.tables.get(table);
    assert.ok(found);
    const rows: [number, ...SqliteValue[]][] = [];
    await file.rows(found, columns, after, (rowid, values) => rows.push([rowid, ...values]));
    return rows;
  } finally {
    await file.close();
  }
}

const fill = `
db.execute("create table m (id integer primary key, key text not null, value float, n bigint, note text, check (n < 9e18))")
for i in range(3000):
    db.execute("insert into m (key, value, n, note) values (?, ?, ?, ?)",
        ("loss" if i % 2 else "größe", [1.5e-300, -0.25, 3.0, None][i % 4], [0, 1, -1, 200, -40000, 8388607, -2**31, 2**40, 2**52][i % 9],
         "x" * [0, 10, 500, 5000, 20000][i % 5] if i % 50 == 0 else None))
db.commit()
`;
const dump = `print(json.dumps([list(row) for row in db.execute("select id, key, value, n, note from m order by id")]))`;
const columns = ["key", "value", "n", "note"];

describe("an SQLite database is read as SQLite reads it", () => {
  for (const pageSize of [512, 4096, 65_536]) {
    it(`with pages of ${pageSize} bytes, rows of all sizes and kinds of numbers`, async () => {
      const path = join(folder, `pages-${pageSize}.db`);
      python(path, `db.execute("pragma page_size = ${pageSize}")${fill}`);
      assert.deepEqual(await rowsOf(path, "m", columns), python(path, dump));
    });
  }

  it("with what its write-ahead log has committed, and without what it has not", async () => {
    const path = join(folder, "wal.db");
    // The connection is held open and left without a checkpoint, as a live run leaves it.
    python(
      path,
      `db.execute("pragma journal_mode = wal")
db.execute("pragma wal_autocheckpoint = 0")
db.execute("create table m (key text, value float)")
db.execute("insert into m values ('a', 1.5)")
db.commit()
db.execute("pragma wal_checkpoint")
for i in range(2000):
    db.execute("insert into m values ('b', ?)", (i,))
db.commit()
db.execute("pragma cache_size = 1")
db.execute("pragma cache_spill = 1")
db.executemany("insert into m values ('open', ?)", [(i,) for i in range(5000)])
os._exit(0)`,
    );
    const rows = await rowsOf(path, "m", ["key"]);
    assert.equal(rows.length, 2001);
    await appendFile(`${path}-wal`, Buffer.alloc(100, 7));
    assert.deepEqual(await rowsOf(path, "m", ["key"]), rows);
  });

  it("from a row on", async () => {
    const path = join(folder, "pages-512.db");
    const all = await rowsOf(path, "m", columns);
    assert.deepEqual(await rowsOf(path, "m", columns, 2990), all.slice(2990));
  });

  it("and other files are refused", async () => {
    const path = join(folder, "none.db");
    await writeFile(path, "SQLite format 2, or so it says");
    await assert.rejects(openSqlite(path));
    assert.equal((await findLogs(path))[0]?.store, undefined);
  });
});

/** As MLflow's migrations leave the tables: `is_nan` was added later, rows from before lack it. */
const mlflow = `
db.execute("create table runs (run_uuid VARCHAR(32) NOT NULL, name VARCHAR(250), status VARCHAR(9), lifecycle_stage VARCHAR(20), CONSTRAINT run_pk PRIMARY KEY (run_uuid))")
db.execute("create table params (key VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (key, run_uuid))")
db.execute("create table metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL, run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (key, timestamp, run_uuid))")
db.execute("insert into metrics values ('loss', 2.5, 1700000000000, 'r1')")
db.execute("alter table metrics add column step BIGINT NOT NULL DEFAULT 0")
db.execute("alter table metrics add column is_nan BOOLEAN NOT NULL DEFAULT 0")
db.execute("insert into runs values ('r1', 'first', 'RUNNING', 'active')")
db.execute("insert into runs values ('r2', 'second', 'FAILED', 'active')")
db.execute("insert into runs values ('r3', 'third', 'FINISHED', 'deleted')")
db.execute("insert into params values ('lr', '0.1', 'r1')")
rows = [('loss', 2.0, 1700000001000, 'r1', 10, 0), ('grad_norm', 1.5, 1700000001000, 'r1', 10, 0), ('loss', 0.0, 1700000002000, 'r1', 20, 1),
        ('loss', 1.7976931348623157e308, 1700000003000, 'r2', 5, 0), ('loss', 1.0, 1700000003000, 'r3', 5, 0)]
db.executemany("insert into metrics values (?, ?, ?, ?, ?, ?)", rows)
db.commit()
`;

function told(runs: readonly StoreRun[]): unknown[] {
  return runs.map(({ name, state, records, settings }) => [
    name,
    state,
    records.map(({ step, values, wallTime }) => [step, wallTime, Object.fromEntries(values)]),
    Object.fromEntries(settings),
  ]);
}

describe("a database of metrics", () => {
  it("of MLflow gives its runs, with NaN where the flag says so, infinities, settings and states", async () => {
    const path = join(folder, "mlflow.db");
    python(path, mlflow);
    const [log] = await findLogs(path);
    assert.deepEqual(log?.store, { kind: "database", tables: "mlflow-db" });
    const store = openMetricsDatabase(path, "mlflow-db");
    assert.deepEqual(told(await store.look()), [
      [
        "first",
        "running",
        [
          [0, 1_700_000_000, { loss: 2.5 }],
          [10, 1_700_000_001, { loss: 2, grad_norm: 1.5 }],
          [20, 1_700_000_002, { loss: Number.NaN }],
        ],
        { lr: "0.1" },
      ],
      ["second", "failed", [[5, 1_700_000_003, { loss: Number.POSITIVE_INFINITY }]], {}],
    ]);
    assert.deepEqual(await store.look(), []);
    python(path, `db.execute("insert into metrics values ('loss', 1.0, 1700000004000, 'r1', 30, 0)")\ndb.commit()`);
    assert.deepEqual(told(await store.look()), [["first", "running", [[30, 1_700_000_004, { loss: 1 }]], {}]]);
  });

  it("of trackio gives its runs, with NaN as it is spelt there", async () => {
    const path = join(folder, "project.db");
    python(
      path,
      `db.execute("pragma journal_mode = wal")
db.execute("create table metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL)")
db.execute("create table configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL)")
db.execute("insert into configs values (1, 'x', 'one', ?, '')", (b'{"lr": 0.1, "_Created": "now"}',))
db.execute("insert into metrics values (1, 'x', '2026-01-02T10:00:00+00:00', 'one', 0, ?)", (b'{"loss": 1.5, "acc": 0.5}',))
db.execute("insert into metrics values (2, 'x', '2026-01-02T10:00:01+00:00', 'one', 10, ?)", ('{"loss": "NaN", "acc": 0.5}',))
db.execute("insert into metrics values (3, 'y', '2026-01-02T10:00:02+00:00', 'one', 0, ?)", ('{"loss": 1.0}',))
db.commit()`,
    );
    const [log] = await findLogs(path);
    assert.deepEqual(log?.store, { kind: "database", tables: "trackio" });
    const at = Date.parse("2026-01-02T10:00:00Z") / 1000;
    assert.deepEqual(told(await openMetricsDatabase(path, "trackio").look()), [
      [
        "one",
        null,
        [
          [0, at, { loss: 1.5, acc: 0.5 }],
          [10, at + 1, { loss: Number.NaN, acc: 0.5 }],
        ],
        { lr: "0.1" },
      ],
      ["one", null, [[0, at + 2, { loss: 1 }]], {}],
    ]);
  });
});
