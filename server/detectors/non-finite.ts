import { isLossComponent } from "./lossNames.ts";
import { numberWords, stepWords } from "./numberWords.ts";
import type { Detector, DetectorKind, Observation, Verdict } from "./verdict.ts";

/**
 * How many non-finite values in a row it takes, by what they are. A loss is never NaN for a good reason; a norm is when a
 * dynamic loss scale overflows, whose steps are skipped: PyTorch's scaler starts at 2^16 and halves once a step
 * (torch/amp/grad_scaler.py), so that its first search shows a few in a row at the start.
 */
const needed = { loss: 1, component: 2, norm: 3, normUnderLossScale: 4 };
const searchRecords = 8;
const searchAllowance = 6;
/** Zeros after a loss that was not zero, beside a NaN norm: `logging_nan_inf_filter` of Hugging Face hides NaN this way. */
const hiddenZeros = 2;

interface Streak {
  count: number;
  start: number;
  last: number;
  value: number;
  zeros: number;
  zeroStart: number;
  wasNonZero: boolean;
}

/** NaN or ±Infinity in a training loss, a loss component, or a gradient or weight norm. Said once, until a restart. */
export const nonFinite: DetectorKind = { kind: "non-finite", create: createNonFinite };

function createNonFinite(): Detector {
  const streaks = new Map<string, Streak>();
  let said = false;
  let lossScale = false;
  let normIsNaN = false;
  let watched = false;

  function allowed({ role, series, index }: Observation): number | null {
    if (role === "train-loss") {
      return needed.loss;
    }
    if (role === "grad-norm" || role === "weight-norm") {
      const usual = lossScale ? needed.normUnderLossScale : needed.norm;
      return index < searchRecords + usual ? usual + searchAllowance : usual;
    }
    return isLossComponent(series, role) ? needed.component : null;
  }

  function observe(observation: Observation): readonly Verdict[] {
    const { series, role, step, value } = observation;
    if (role === "loss-scale") {
      lossScale = true;
    }
    const limit = allowed(observation);
    if (limit === null) {
      return [];
    }
    watched = true;
    let streak = streaks.get(series);
    if (streak === undefined) {
      streak = {
        count: 0,
        start: step,
        last: Number.NaN,
        value: Number.NaN,
        zeros: 0,
        zeroStart: step,
        wasNonZero: false,
      };
      streaks.set(series, streak);
    }
    if (role === "grad-norm") {
      normIsNaN = Number.isNaN(value);
    }
    if (Number.isFinite(value)) {
      streak.count = 0;
      const hidden = role === "train-loss" && value === 0 && streak.wasNonZero && normIsNaN;
      const found = hidden ? hiddenNaN(observation, streak) : [];
      if (value !== 0) {
        streak.zeros = 0;
        streak.wasNonZero = true;
        streak.last = step;
        streak.value = value;
      }
      return found;
    }
    if (streak.count === 0) {
      streak.start = step;
    }
    streak.count++;
    if (said || streak.count < limit) {
      return [];
    }
    said = true;
    return [verdictOf(observation, streak)];
  }

  function hiddenNaN({ series, step }: Observation, streak: Streak): Verdict[] {
    if (streak.zeros === 0) {
      streak.zeroStart = step;
    }
    streak.zeros++;
    if (said || streak.zeros < hiddenZeros) {
      return [];
    }
    said = true;
    return [
      {
        kind: "non-finite",
        series,
        onsetStep: streak.zeroStart,
        onsetRange: [Number.isNaN(streak.last) ? streak.zeroStart : streak.last, streak.zeroStart],
        detectedStep: step,
        confidence: 0.9,
        evidence: [
          `${series} is exactly 0 from step ${stepWords(streak.zeroStart)} while the gradient norm is NaN: a logging filter hides NaN losses`,
          `the last other value was ${numberWords(streak.value)} at step ${stepWords(streak.last)}`,
        ],
      },
    ];
  }

  return {
    observe,
    restart() {
      said = false;
      streaks.clear();
    },
    silentBecause: () => (watched ? null : "no training loss or norm is logged"),
  };
}

function verdictOf({ series, role, step, value }: Observation, streak: Streak): Verdict {
  const evidence = [`${series} is ${numberWords(value)} from step ${stepWords(streak.start)}`];
  if (Number.isNaN(streak.last)) {
    evidence.push("it was never finite");
  } else {
    evidence.push(`its last finite value was ${numberWords(streak.value)} at step ${stepWords(streak.last)}`);
  }
  return {
    kind: "non-finite",
    series,
    onsetStep: streak.start,
    onsetRange: [Number.isNaN(streak.last) ? streak.start : Math.min(streak.last, streak.start), streak.start],
    detectedStep: step,
    confidence: role === "train-loss" ? 0.99 : 0.9,
    evidence,
  };
}
