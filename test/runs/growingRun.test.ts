import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogRecord } from "../../server/logs/logFormat.ts";
import { appendRecord, createRun, type GrowingRun } from "../../server/runs/growingRun.ts";
import { roleOf } from "../../server/runs/seriesRole.ts";

function runOf(
  rows: readonly (Record<string, number> & { phase?: never })[],
  phases: readonly ("train" | "val" | undefined)[] = [],
): GrowingRun {
  const run = createRun("id", "name");
  rows.forEach((row, i) => {
    const phase = phases[i];
    const record: LogRecord = { values: new Map(Object.entries(row)), line: i + 1, endOffset: i + 1 };
    appendRecord(run, phase === undefined ? record : { ...record, phase });
  });
  return run;
}

function stepsOf(run: GrowingRun, name: string): number[] {
  const series = run.series.get(name);
  return series === undefined ? [] : Array.from(series.steps.subarray(0, series.length));
}

describe("roles of series", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "train-loss": ["loss", "train/loss", "Train Loss", "train_loss_step", "total_loss", "lm loss", "trl", "avg_loss"],
    "val-loss": ["val_loss", "valid loss", "eval/loss", "Val. Loss", "test_loss", "tel"],
    "grad-norm": ["grad_norm", "grad norm", "gnorm", "norm", "train/grad_norm", "gradient norm", "grdn"],
    "learning-rate": ["lr", "learning_rate", "train/lr", "learning rate", "x/lr0"],
    "loss-scale": ["loss_scale", "loss scale", "grad_scale"],
    "update-ratio": ["update_ratio"],
    "weight-norm": ["weight_norm", "param_norm"],
    metric: ["accuracy", "val_acc", "ppl", "rollout/return", "Prec@1"],
    time: ["time", "dt", "train_runtime"],
    other: ["box_loss", "loss_ce_3", "D_A", "actor/pg_loss", "stage", "loss_weight"],
  };
  for (const [role, names] of Object.entries(cases)) {
    for (const name of names) {
      it(`${name} is ${role}`, () => {
        assert.equal(roleOf(name), role);
      });
    }
  }
});

describe("the axis of a run", () => {
  it("is the step where there is one", () => {
    const run = runOf([
      { epoch: 0, step: 10, loss: 1 },
      { epoch: 1, step: 20, loss: 1 },
    ]);
    assert.equal(run.stepAxis, "step");
    assert.deepEqual(stepsOf(run, "loss"), [10, 20]);
  });

  it("is the epoch, else the record from 0", () => {
    assert.deepEqual(
      stepsOf(
        runOf([
          { epoch: 0.5, loss: 1 },
          { epoch: 1, loss: 1 },
        ]),
        "loss",
      ),
      [0.5, 1],
    );
    assert.deepEqual(stepsOf(runOf([{ loss: 1 }, { loss: 1 }]), "loss"), [0, 1]);
  });

  it("joins steps that begin again with each epoch", () => {
    const printed = { "step total": 100 };
    const rows = [1, 2, 3].flatMap((epoch) => [50, 100].map((step) => ({ epoch, step, ...printed, loss: 1 })));
    assert.deepEqual(stepsOf(runOf(rows), "loss"), [50, 100, 150, 200, 250, 300]);
    const unprinted = [0, 1].flatMap((epoch) => [0, 10, 20].map((step) => ({ epoch, step, loss: 1 })));
    assert.deepEqual(stepsOf(runOf(unprinted), "loss"), [0, 10, 20, 30, 40, 50]);
  });

  it("keeps both branches of a run that goes on from an earlier step, and says so", () => {
    const run = runOf([10, 20, 30, 20, 30, 40].map((step) => ({ step, loss: step })));
    assert.deepEqual(stepsOf(run, "loss"), [10, 20, 30, 20, 30, 40]);
    assert.deepEqual(
      run.events.map(({ kind, step }) => [kind, step]),
      [["restart", 20]],
    );
  });

  it("gives train and held-out values of one key a series each", () => {
    const run = runOf(
      [
        { step: 1, loss: 1 },
        { step: 1, loss: 2 },
        { step: 2, loss: 1 },
      ],
      ["train", "val", "train"],
    );
    assert.deepEqual([...run.series.keys()], ["loss", "val/loss"]);
    assert.equal(run.series.get("val/loss")?.role, "val-loss");
  });

  it("moves what came before the first step to it", () => {
    const run = runOf([{ "validation loss": 10.9 }, { step: 5, loss: 9 }]);
    assert.deepEqual(stepsOf(run, "validation loss"), [5]);
    assert.equal(run.firstStep, 5);
  });
});
