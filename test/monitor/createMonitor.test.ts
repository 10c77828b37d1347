import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { emptyFacts } from "../../server/facts/emptyFacts.ts";
import type { TrainingFacts } from "../../server/facts/trainingFacts.ts";
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

  it("reaches a verdict once while the log grows, with its place in the script", async () => {
    await monitor.close();
    const code = "loss = torch.log(p)\n";
    monitor = createMonitor({
      onRunChanged: (view) => changes.push({ at: performance.now(), view }),
      onVerdict: (_, verdict) => verdicts.push(verdict),
      factsOf: async (path) => ({ text: code, facts: factsWithLog(path, code) }),
      pollInterval: 50,
    });
    const path = join(folder, "metrics.jsonl");
    await writeFile(path, "");
    await monitor.watch({ path, codePath: join(folder, "train.py") });
    for (let step = 0; step < 40; step++) {
      await appendFile(path, step < 30 ? line(step, 1 + 1 / (step + 1)) : `{"step": ${step}, "loss": NaN}\n`);
    }
    await until("the verdict", () => verdicts.length > 0);
    await until("the last record", () => monitor.runs()[0]?.lastStep === 39);
    assert.equal(verdicts.length, 1);
    assert.equal(verdicts[0]?.kind, "non-finite");
    assert.equal(verdicts[0]?.onsetStep, 30);
    assert.deepEqual([verdicts[0]?.code?.line, verdicts[0]?.code?.character], [0, 7]);
    assert.equal(monitor.runs()[0]?.verdicts[0]?.id, verdicts[0]?.id);
    assert.deepEqual(monitor.runs()[0]?.series[0], {
      name: "loss",
      role: "train-loss",
      points: 40,
      nonFinite: 10,
      last: "NaN",
    });
  });

  it("keeps a run that was begun anew under the same name, and a file that went away", async () => {
    const path = join(folder, "metrics.jsonl");
    await writeFile(path, Array.from({ length: 30 }, (_, step) => line(step, 1)).join(""));
    await monitor.watch({ path });
    await rm(path);
    await until("that it is gone", () => monitor.runs()[0]?.state === "gone");
    await writeFile(path, Array.from({ length: 5 }, (_, step) => line(step, 1)).join(""));
    await until("both branches", () => monitor.runs()[0]?.series[0]?.points === 35);
    assert.equal(monitor.runs()[0]?.state, "live");
    const range = monitor.range({ runId: monitor.runs()[0]?.id ?? "", series: ["loss"], from: 0, to: 4, columns: 100 });
    assert.deepEqual(range.series[0]?.steps, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  });

  it("reads a terminal's output through its escapes, and says that a command failed", async () => {
    const run = { runId: "t1", name: "python train.py", codePath: null };
    const output =
      "\x1b]633;C\x07\x1b[32mstep 1 | loss 0.50\x1b[0m\r\nstep 2 | loss 0.40\r\n\x1b]633;D;1\x07step 3 | loss 0.30";
    for (const character of output) {
      monitor.terminalOutput({ ...run, text: character });
    }
    assert.equal(monitor.runs()[0]?.series[0]?.points, 2);
    monitor.terminalOutput({ ...run, text: "", ended: true, exitCode: 1 });
    const [view] = monitor.runs();
    assert.equal(view?.state, "failed");
    assert.equal(view?.series[0]?.points, 3);
    assert.equal(view?.lastStep, 3);
  });

  it("shows the last raw lines and says so while there are no numbers", async () => {
    const path = join(folder, "run.log");
    await writeFile(path, "Loading data\nBuilding the model\n");
    const [view] = await monitor.watch({ path });
    assert.equal(view?.state, "waiting");
    assert.deepEqual(view?.rawTail, ["Loading data", "Building the model"]);
    assert.match(view?.problems[0] ?? "", /run\.log: holds no numbers in a form that is known\.$/);
  });
});

function factsWithLog(path: string, code: string): TrainingFacts {
  const start = code.indexOf("torch.log(p)");
  const term = { start, end: start + "torch.log(p)".length };
  return {
    ...emptyFacts(path),
    frameworks: ["pytorch"],
    lossTerms: [
      { ...term, framework: "pytorch", operation: "log", operandText: "p", operandRange: term, stableForm: null },
    ],
  };
}
