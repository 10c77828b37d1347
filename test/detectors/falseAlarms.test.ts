import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDetectors } from "../../server/detectors/detectorSet.ts";
import type { Observation, Verdict } from "../../server/detectors/verdict.ts";
import type { SeriesRole } from "../../server/runs/run.ts";
import { type HealthyRun, healthyRun, seeded } from "./healthyCurves.ts";

function observationsAt(run: HealthyRun, step: number, loss: number): Observation[] {
  const point = (series: string, role: SeriesRole, value: number): Observation => ({
    series,
    role,
    step,
    value,
    index: step,
  });
  const rate = run.learningRates?.[step];
  const norm = run.gradientNorms?.[step];
  return [
    ...(rate === undefined ? [] : [point("lr", "learning-rate", rate)]),
    ...(norm === undefined ? [] : [point("grad_norm", "grad-norm", norm)]),
    point("loss", "train-loss", loss),
  ];
}

function verdictsOf(run: HealthyRun, losses: readonly number[]): Verdict[] {
  const detectors = createDetectors("step");
  const said: Verdict[] = [];
  losses.forEach((loss, step) => {
    for (const observation of observationsAt(run, step, loss)) {
      said.push(...detectors.observe(observation));
    }
  });
  return said;
}

describe("on 400 simulated healthy runs of 20 to 3,000 records", () => {
  const random = seeded(20250101);
  const alarmed = new Map<string, number>();
  const runs = 400;
  for (let n = 0; n < runs; n++) {
    const run = healthyRun(random, 20, 3000);
    for (const kind of new Set(verdictsOf(run, run.losses).map((verdict) => verdict.kind))) {
      alarmed.set(kind, (alarmed.get(kind) ?? 0) + 1);
    }
  }

  // Bounds are three times the rates measured over 4,000 such runs of other seeds.
  for (const [kind, most] of [
    ["loss-spike", 0.025],
    ["loss-growth", 0.025],
    ["non-finite", 0],
  ] as const) {
    it(`${kind} is said of at most ${100 * most} % of them`, () => {
      const share = (alarmed.get(kind) ?? 0) / runs;
      assert.ok(share <= most, `said of ${(100 * share).toFixed(2)} %`);
    });
  }
});

describe("on simulated runs with a failure put in", () => {
  const random = seeded(77);
  const runs = Array.from({ length: 80 }, () => healthyRun(random, 200, 2000)).filter((run) =>
    run.losses.every((loss) => loss > 0),
  );

  it("finds spikes of ten times the level over five records in most", () => {
    let found = 0;
    for (const run of runs) {
      const at = Math.floor(run.losses.length * (0.4 + 0.4 * random()));
      const losses = run.losses.map((loss, i) => (i >= at && i < at + 5 ? 10 * loss : loss));
      found += verdictsOf(run, losses).some(
        ({ kind, onsetStep }) => kind === "loss-spike" && Math.abs(onsetStep - at) <= 2,
      )
        ? 1
        : 0;
    }
    assert.ok(found / runs.length > 0.7, `${found} of ${runs.length}`);
  });

  it("finds exponential growth to thirty times the level, near where it begins, in most", () => {
    let found = 0;
    for (const run of runs) {
      const at = Math.floor(run.losses.length * 0.6);
      const rest = run.losses.length - at;
      const losses = run.losses.map((loss, i) => (i < at ? loss : loss * 30 ** ((i - at) / rest)));
      found += verdictsOf(run, losses).some(
        ({ kind, onsetStep }) => kind === "loss-growth" && Math.abs(onsetStep - at) < 0.3 * rest,
      )
        ? 1
        : 0;
    }
    assert.ok(found / runs.length > 0.6, `${found} of ${runs.length}`);
  });

  it("finds every NaN at its record", () => {
    for (const run of runs.slice(0, 20)) {
      const at = Math.floor(run.losses.length * random());
      const losses = run.losses.map((loss, i) => (i >= at ? Number.NaN : loss));
      const said = verdictsOf(run, losses).filter(({ kind }) => kind === "non-finite");
      assert.deepEqual(
        said.map(({ onsetStep }) => onsetStep),
        [at],
      );
    }
  });
});
