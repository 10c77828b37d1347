import { type BurstWatch, createBurstWatch } from "./burstWatch.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** A gradient norm counts from ten times its recent median on, trainproof's figure too (trainproof/rules.py). */
const settings = {
  smallestRise: Math.log(10),
  spreads: 5,
  probability: 1e-4,
  jointProbability: 1e-2,
  levelWindow: 32,
};
/**
 * Where the loss jumps much further, the batch explains both: an error e in a target gives a squared loss of e² and a gradient
 * of e, half on the log scale; wrong labels of a confident classifier gave up to 0.7. Activations that explode give more.
 */
const ofLoss = 0.75;
/** Bursts told one by one; a later one only when it is half as high again. */
const mostTold = 1;
const higher = 1.5;

/** Single gradient norms far above the recent median, which itself stays. */
export const gradExplosionIntermittent: DetectorKind = {
  kind: "grad-explosion-intermittent",
  create: createGradExplosionIntermittent,
};

function createGradExplosionIntermittent({ context, losses }: DetectorSettings): Detector {
  let watch: BurstWatch = createWatch();
  let series: string | null = null;
  let told = 0;
  let highest = 0;
  let lossPeak = 0;

  function createWatch(): BurstWatch {
    return createBurstWatch(settings, {
      muted: (index) => context.stageNear(context.lossIndex) || context.rateChangedNear(index),
      confirmed: () => losses.openBurst !== null,
    });
  }

  return {
    observe(observation) {
      const { role, value, step } = observation;
      if (role === "train-loss" && watch.open !== null) {
        lossPeak = Math.max(lossPeak, context.lossJump);
      }
      if (role !== "grad-norm" || !(value > 0) || !Number.isFinite(value)) {
        return [];
      }
      series ??= observation.series;
      if (series !== observation.series || context.levelsMeanNothing || context.nonFinite) {
        return [];
      }
      const burst = watch.add(Math.log(value), observation);
      const jumpedTogether = lossPeak;
      if (watch.open === null) {
        lossPeak = 0;
      }
      if (
        burst === null ||
        burst.peak < ofLoss * jumpedTogether ||
        (told >= mostTold && burst.peak <= higher * highest)
      ) {
        return [];
      }
      told++;
      highest = Math.max(highest, burst.peak);
      return [
        {
          kind: "grad-explosion-intermittent",
          series: observation.series,
          onsetStep: burst.onsetStep,
          onsetRange: [burst.before, burst.onsetStep],
          detectedStep: step,
          confidence: Math.min(0.95, 0.75 + 0.1 * (burst.peak / burst.threshold - 1)),
          evidence: [
            `${observation.series} ${numberWords(Math.exp(burst.base))} → ${numberWords(burst.peakValue)} at step ${stepWords(burst.onsetStep)}, ${timesWords(Math.exp(burst.peak))} its recent median`,
            `its median is back after ${burst.records - 1} ${burst.records === 2 ? "record" : "records"}`,
          ],
        },
      ];
    },
    restart() {
      watch = createWatch();
      told = 0;
      highest = 0;
    },
    silentBecause() {
      if (series === null) {
        return "no gradient norm is logged: log what clip_grad_norm_ returns";
      }
      return watch.ready ? null : "too few records of the gradient norm to know its noise";
    },
  };
}
