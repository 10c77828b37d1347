import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import { createRunContext } from "./runContext.ts";
import { createSlidingMedian } from "./slidingMedian.ts";
import { createTailThreshold, fewest } from "./tailThreshold.ts";
import type { Detector, DetectorKind, Observation, Verdict } from "./verdict.ts";

/** Records whose median is the level that a spike leaves. */
const levelWindow = 16;
/** Records whose residuals give the ordinary spread. */
const spreadWindow = 96;
/** A spike is at least a doubling: smaller ones change no training. On the log scale. */
const smallestRise = Math.log(2);
const spreads = 5;
/** The raw scale (losses at or below 0) shows heavy tails untamed. */
const rawSpreads = 15;
/**
 * A record's chance of passing the noise's own tail, as the fit sees it. Measured on simulated healthy runs of 20 to 3,000
 * records (test/detectors/healthyCurves.ts): at 1e-3 1.7 % of them get a false alarm, at 1e-4 0.8 %, at 1e-5 0.3 %; of
 * injected spikes of ten times the level over five records 90, 87 and 82 % are found.
 */
const probability = 1e-4;
/** The same for a record at which the gradient norm jumps too: two series that agree share the burden. */
const jointProbability = 1e-2;
/** Spikes told one by one; later ones only when they are half as high again as all before: the first few have said it all. */
const mostTold = 3;
const higher = 1.5;
/** A spike is over when it is back under this share of its height. */
const over = 0.35;
/** Longer rises are growth. */
const longest = 48;
/** Alone, one record must stand out this many times as far as the threshold. */
const gross = 2;
/** Gradient norms that leave their median by this factor confirm a spike. */
const gradientConfirms = Math.log(10);

/** Training loss that jumps far outside its own noise and comes back. */
export const lossSpike: DetectorKind = { kind: "loss-spike", create: createLossSpike };

interface Open {
  readonly onset: number;
  readonly before: number;
  readonly base: number;
  readonly level: number;
  readonly threshold: number;
  peak: number;
  peakValue: number;
  records: number;
  above: number;
  confirmed: boolean;
}

interface Spike {
  readonly verdict: Verdict;
  /** Height above the level, in the view it was seen in. */
  readonly peak: number;
}

interface Watch {
  observe(observation: Observation): Spike | null;
  ready(): boolean;
}

function createLossSpike(): Detector {
  const context = createRunContext();
  let watches = new Map<string, Watch & { readonly logScale: boolean }>();
  let anyLoss = false;
  let told = 0;
  let highest = Number.NEGATIVE_INFINITY;

  return {
    observe(observation) {
      context.observe(observation);
      if (observation.role !== "train-loss") {
        return [];
      }
      anyLoss = true;
      if (!Number.isFinite(observation.value) || context.levelsMeanNothing || context.nonFinite) {
        return [];
      }
      let watch = watches.get(observation.series);
      if (watch === undefined || (watch.logScale && observation.value <= 0)) {
        // A loss at or below 0 has no logarithm: from its first such value on it is judged as it is, with what is learned anew.
        const logScale = watch === undefined && observation.value > 0;
        watch = { logScale, ...createWatch(logScale, context) };
        watches.set(observation.series, watch);
      }
      const said = watch.observe(observation);
      if (said === null || (told >= mostTold && said.peak <= higher * highest)) {
        return [];
      }
      told++;
      highest = Math.max(highest, said.peak);
      return [said.verdict];
    },
    restart() {
      context.restart();
      watches = new Map();
    },
    silentBecause() {
      if (!anyLoss) {
        return "no training loss is logged";
      }
      if (context.levelsMeanNothing) {
        return "reward or adversarial losses are logged: their level says nothing";
      }
      return [...watches.values()].some(({ ready }) => ready())
        ? null
        : `fewer than ${fewest} records of training loss`;
    },
  };
}

function createWatch(logScale: boolean, context: ReturnType<typeof createRunContext>): Watch {
  const level = createSlidingMedian(levelWindow);
  const spread = createSlidingMedian(spreadWindow);
  const tail = createTailThreshold();
  /** A falling loss lies below the median of its past: how far, so that noise is measured around its trend. */
  const trend = createSlidingMedian(levelWindow);
  let open: Open | null = null;
  let lastStep = Number.NaN;
  /** Records since the level was lost for good: the window must fill with the new one first. */
  let relearn = 0;

  /** Infinity where the residual does not pass the cheap part of the threshold: the tail is asked only then. */
  function thresholdFor(residual: number): number {
    const usual = Math.max(
      logScale ? smallestRise : 0,
      (logScale ? spreads : rawSpreads) * 1.4826 * spread.median() + trend.median(),
    );
    return residual > usual
      ? Math.max(
          usual,
          tail.level(context.gradientJump > gradientConfirms ? jointProbability : probability) + trend.median(),
        )
      : Number.POSITIVE_INFINITY;
  }

  function accept(value: number, residual: number): void {
    if (level.count > 0) {
      trend.add(residual);
      const centred = residual - trend.median();
      spread.add(Math.abs(centred));
      tail.add(centred);
    }
    level.add(value);
  }

  function observe(observation: Observation): Spike | null {
    const { value, step, index } = observation;
    const seen = logScale ? Math.log(value) : value;
    const before = lastStep;
    lastStep = step;
    if (open !== null) {
      return follow(open, observation, seen);
    }
    const base = level.median();
    const residual = seen - base;
    if (relearn > 0) {
      relearn--;
      level.add(seen);
      return null;
    }
    const limit = level.count >= levelWindow ? thresholdFor(residual) : Number.POSITIVE_INFINITY;
    if (!(residual > limit) || context.quiet(index, value)) {
      accept(seen, residual);
      return null;
    }
    open = {
      onset: step,
      before: Number.isNaN(before) ? step : before,
      base,
      level: logScale ? Math.exp(base) : base,
      threshold: limit,
      peak: residual,
      peakValue: value,
      records: 1,
      above: 1,
      confirmed: context.gradientJump > gradientConfirms,
    };
    return null;
  }

  function follow(spike: Open, observation: Observation, seen: number): Spike | null {
    const residual = seen - spike.base;
    spike.records++;
    if (residual > spike.peak) {
      spike.peak = residual;
      spike.peakValue = observation.value;
    }
    spike.above += residual > spike.threshold ? 1 : 0;
    spike.confirmed = spike.confirmed || context.gradientJump > gradientConfirms;
    if (residual > over * spike.peak && spike.records <= longest) {
      return null;
    }
    open = null;
    if (spike.records > longest) {
      relearn = levelWindow;
      return null;
    }
    level.add(seen);
    const told = spike.above >= 2 || spike.confirmed || spike.peak > gross * spike.threshold;
    // What was no spike is noise to learn from. A spike is not: the next one, as high, would pass unseen.
    if (!told) {
      tail.add(spike.peak);
    }
    return told ? { verdict: verdictOf(observation, spike), peak: spike.peak } : null;
  }

  return {
    observe,
    ready: () => tail.count >= fewest,
  };

  function verdictOf({ series, step }: Observation, spike: Open): Verdict {
    const evidence = [
      `${series} ${numberWords(spike.level)} → ${numberWords(spike.peakValue)} at step ${stepWords(spike.onset)}${
        logScale ? `, ${timesWords(Math.exp(spike.peak))} its recent level` : ""
      }`,
      `back near its level after ${spike.records - 1} ${spike.records === 2 ? "record" : "records"}`,
    ];
    if (spike.confirmed) {
      evidence.push("the gradient norm jumped at the same place, more than 10× its recent median");
    }
    return {
      kind: "loss-spike",
      series,
      onsetStep: spike.onset,
      onsetRange: [spike.before, spike.onset],
      detectedStep: step,
      confidence: Math.min(
        0.98,
        0.7 + 0.1 * Math.min(2, spike.peak / spike.threshold - 1) + (spike.confirmed ? 0.1 : 0),
      ),
      evidence,
    };
  }
}
