import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Verdict } from "../../server/detectors/verdict.ts";
import { acrossRuns } from "../../server/diagnosis/acrossRuns.ts";
import { checklistOf } from "../../server/diagnosis/checklist.ts";
import { appendRecord, createRun, type GrowingRun } from "../../server/runs/growingRun.ts";

function runOf(name: string, loss: (step: number) => number, records = 200): GrowingRun {
  const run = createRun(name, name);
  for (let step = 0; step < records; step++) {
    appendRecord(run, {
      values: new Map([
        ["step", step],
        ["loss", loss(step)],
      ]),
      line: step + 1,
      endOffset: step + 1,
    });
  }
  return run;
}

function spikeAt(step: number): Verdict {
  return {
    kind: "loss-spike",
    series: "loss",
    onsetStep: step,
    onsetRange: [step, step],
    detectedStep: step + 2,
    confidence: 0.9,
    evidence: ["loss 1 → 9"],
  };
}

describe("several runs", () => {
  it("say that an onset repeats when runs of other values fail at one step", () => {
    const judged = [1, 2].map((seed) => ({
      run: runOf(`seed${seed}`, (step) => seed + Math.sin(step * seed)),
      verdicts: [spikeAt(100 + seed)],
    }));
    const [found] = acrossRuns(judged);
    assert.equal(found?.kind, "repeatable-onset");
    assert.deepEqual(found?.runs, ["seed1", "seed2"]);
  });

  it("say nothing of two logs of one run, nor of onsets at other steps", () => {
    const same = ["a.log", "a.csv"].map((name) => ({ run: runOf(name, Math.cos), verdicts: [spikeAt(100)] }));
    assert.deepEqual(acrossRuns(same), []);
    const apart = [1, 2].map((seed) => ({
      run: runOf(`seed${seed}`, (step) => seed + Math.sin(step * seed)),
      verdicts: [spikeAt(50 * seed)],
    }));
    assert.deepEqual(acrossRuns(apart), []);
  });

  it("tell twins that part from twins that do not", () => {
    const good = { run: runOf("adamw", (step) => 0.2 + Math.exp(-step / 30)), verdicts: [] };
    const stuck = { run: runOf("adam-l2", (step) => 0.6 + Math.exp(-step / 30)), verdicts: [] };
    const [found] = acrossRuns([stuck, good]);
    assert.equal(found?.kind, "weight-decay-interaction");
    const alike = { run: runOf("adam-l2", (step) => 0.21 + Math.exp(-step / 30)), verdicts: [] };
    assert.deepEqual(acrossRuns([alike, good]), []);
  });

  it("prove nothing where five settings differ", () => {
    const judged = [1, 2].map((seed) => ({
      run: runOf(`run${seed}`, (step) => seed + Math.sin(step * seed)),
      verdicts: [],
      settings: new Map(["lr", "batch", "depth", "width", "decay"].map((name) => [name, `${seed}`])),
    }));
    assert.equal(acrossRuns(judged)[0]?.kind, "many-hyperparameters-changed");
  });
});

describe("the checklist", () => {
  it("answers seven questions of any run, and says what to log where it cannot", () => {
    const answers = checklistOf(
      runOf("plain", (step) => Math.exp(-step / 50)),
      [],
      null,
      null,
    );
    assert.equal(answers.length, 7);
    assert.equal(answers[0]?.answer, "cannot tell");
    assert.match(answers[0]?.why ?? "", /evaluate on held-out data/);
    assert.equal(answers[2]?.answer, "no");
  });

  it("finds the NaN and the repeated onset", () => {
    const run = runOf("nan", (step) => (step < 90 ? 1 : Number.NaN));
    const answers = checklistOf(run, [spikeAt(90)], null, true);
    assert.deepEqual([answers[2]?.answer, answers[5]?.answer], ["yes", "yes"]);
    assert.match(answers[2]?.why ?? "", /step 90/);
  });
});
