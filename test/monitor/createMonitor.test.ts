import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createMonitor } from "../../server/monitor/createMonitor.ts";
import type { Monitor } from "../../server/monitor/monitor.ts";
import type { RunView, VerdictView } from "../../server/protocol.ts";

let folder = "";
let monitor: Monitor;
let changes: { at: number; view: RunView }[] = [];
let verdicts: VerdictView[] = [];

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < end, `${what} within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function line(step: number, loss: number): string {
  return `${JSON.stringify({ step, loss })}\n`;
}

describe("the monitor", () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "haywire-monitor-"));
    changes = [];
    verdicts = [];
    monitor = createMonitor({
      onRunChanged: (view) => changes.push({ at: performance.now(), view }),
      onVerdict: (_, verdict) => verdicts.push(verdict),
      factsOf: async () => null,
      pollInterval: 100,
    });
  });

  afterEach(async () => {
    await monitor.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("gives a run's view and its points while the file grows", async () => {
    const path = join(folder, "metrics.jsonl");
    await writeFile(path, line(0, 3));
    const [first] = await monitor.watch({ path, name: "exp" });
    assert.equal(first?.name, "exp");
    assert.equal(first?.state, "live");
    assert.deepEqual(first?.series, [{ name: "loss", role: "train-loss", points: 1, nonFinite: 0, last: 3 }]);
    for (let step = 1; step <= 20; step++) {
      await appendFile(path, line(step, 3 - step / 10));
    }
    await until("all points", () => monitor.runs()[0]?.series[0]?.points === 21);
    await until("the news", () => changes.at(-1)?.view.lastStep === 20);
    const range = monitor.range({ runId: first?.id ?? "", series: ["loss"], from: 5, to: 7, columns: 100 });
    assert.deepEqual(range.series[0]?.steps, [5, 6, 7]);
    assert.equal(range.series[0]?.total, 3);
  });

  it("sends news of a run at most once each 50 ms", async () => {
    const path = join(folder, "metrics.jsonl");
    await writeFile(path, "");
    await monitor.watch({ path });
    for (let step = 0; step < 60; step++) {
      await appendFile(path, line(step, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until("the last news", () => changes.at(-1)?.view.lastStep === 59);
    const gaps = changes.slice(1).map(({ at }, i) => at - (changes[i]?.at ?? 0));
    assert.ok(gaps.length >= 3);
    assert.ok(Math.min(...gaps) >= 45, `smallest gap ${Math.min(...gaps)} ms`);
  });

  it("waits for a file that appears later", async () => {
    const path = join(folder, "later", "metrics.jsonl");
    const [run] = await monitor.watch({ path });
    assert.equal(run?.state, "waiting");
    await mkdir(join(folder, "later"));
    await writeFile(path, line(0, 1));
    await until("the first point", () => monitor.runs()[0]?.series[0]?.points === 1);
  });

  it("makes one run of each log of a folder, also of those that come later", async () => {
    await writeFile(join(folder, "a.jsonl"), line(0, 1));
    const runs = await monitor.watch({ path: folder });
    assert.deepEqual(
      runs.map(({ name }) => name),
      ["a.jsonl"],
    );
    await writeFile(join(folder, "b.csv"), "step,loss\n1,0.5\n");
    await until("the second run", () => monitor.runs().length === 2);
    await until("its point", () => monitor.runs()[1]?.series[0]?.points === 1);
  });

  it("rejects a path that can never be read", async () => {
    const path = join(folder, "file");
    await writeFile(path, "x");
    await assert.rejects(monitor.watch({ path: join(path, "below.jsonl") }));
  });
});
