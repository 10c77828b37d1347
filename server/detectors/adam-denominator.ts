import { createBurstWatch } from "./burstWatch.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import { createSlidingMedian } from "./slidingMedian.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** Updates four times as large as usual, at least. */
const settings = {
  smallestRise: Math.log(4),
  spreads: 5,
  probability: 1e-4,
  jointProbability: 1e-2,
  levelWindow: 16,
};
/** Gradients are ordinary below this factor, or below half of the update's (logarithms), or no larger than they were early on. */
const ordinary = Math.log(3);
const likeEarly = Math.log(1.5);
/** Records in a row that must stand above. */
const needed = 2;

/** The updates jump while the gradients are ordinary or have shrunk: what Adam divides by has become tiny. */
export const adamDenominator: DetectorKind = { kind: "adam-denominator", create: createAdamDenominator };

function createAdamDenominator({ context }: DetectorSettings): Detector {
  const none = { muted: () => false, confirmed: () => false };
  let watch = createBurstWatch(settings, none);
  const gradients = createSlidingMedian(16);
  let gradientPeak = Number.NEGATIVE_INFINITY;
  let gradientBefore = Number.NaN;
  let gradientNow = Number.NaN;
  let series: string | null = null;
  let gradientSeries: string | null = null;
  let above = 0;
  let said = false;

  return {
    observe(observation) {
      const { role, value, step } = observation;
      if (role === "grad-norm" && value > 0 && Number.isFinite(value)) {
        gradientSeries ??= observation.series;
        if (gradientSeries === observation.series) {
          gradientNow = Math.log(value);
          if (gradients.count >= 8) {
            gradientPeak = Math.max(gradientPeak, gradients.median());
          }
          if (watch.open === null) {
            gradients.add(gradientNow);
            gradientBefore = gradients.median();
          }
        }
        return [];
      }
      if ((role !== "update-norm" && role !== "update-ratio") || !(value > 0) || !Number.isFinite(value)) {
        return [];
      }
      series ??= observation.series;
      if (series !== observation.series) {
        return [];
      }
      watch.add(Math.log(value), observation);
      const { open } = watch;
      if (open === null) {
        above = 0;
        return [];
      }
      above += Math.log(value) - open.base > open.threshold ? 1 : 0;
      if (said || above < needed || context.nonFinite || context.rateRaise(open.onsetStep) !== null) {
        return [];
      }
      const gradientRise = gradientNow - gradientBefore;
      const fits =
        Number.isNaN(gradientRise) ||
        gradientRise < Math.max(ordinary, 0.5 * open.peak) ||
        gradientNow < gradientPeak + likeEarly;
      if (!fits) {
        return [];
      }
      said = true;
      return [
        {
          kind: "adam-denominator",
          series: observation.series,
          onsetStep: open.onsetStep,
          onsetRange: [open.before, open.onsetStep],
          detectedStep: step,
          confidence: Number.isNaN(gradientRise) ? 0.6 : 0.8,
          evidence: [
            `${observation.series} rises to ${numberWords(open.peakValue)} at step ${stepWords(open.onsetStep)}, ${timesWords(Math.exp(open.peak))} its recent level`,
            Number.isNaN(gradientRise)
              ? "the gradient norm is not logged: that it was ordinary could not be checked"
              : `the gradient norm is ${numberWords(Math.exp(gradientNow))} there, ${timesWords(Math.exp(gradientRise))} its recent level and ${timesWords(Math.exp(gradientNow - gradientPeak))} its early one`,
          ],
        },
      ];
    },
    restart() {
      watch = createBurstWatch(settings, none);
      said = false;
    },
    silentBecause: () =>
      series === null ? "no update norm is logged: log the norm of the weights' change beside the gradient norm" : null,
  };
}
