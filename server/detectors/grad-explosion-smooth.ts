import { createCurveHistory } from "./curveHistory.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import { fitOnset } from "./onsetFit.ts";
import { createRisePyramid, denseRise } from "./risePyramid.ts";
import { createSlidingMedian } from "./slidingMedian.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** The median itself must grow by an order of magnitude. */
const settings = { ...denseRise, effect: Math.log(10) };

/** The median gradient norm grows by an order of magnitude, little by little. */
export const gradExplosionSmooth: DetectorKind = { kind: "grad-explosion-smooth", create: createGradExplosionSmooth };

function createGradExplosionSmooth({ context }: DetectorSettings): Detector {
  let pyramid = createRisePyramid(settings);
  let history = createCurveHistory();
  const recent = createSlidingMedian(8);
  let series: string | null = null;
  let early = Number.NaN;
  let said = false;

  return {
    observe(observation) {
      const { role, value, step } = observation;
      if (role !== "grad-norm" || said || !(value > 0) || !Number.isFinite(value)) {
        return [];
      }
      series ??= observation.series;
      if (series !== observation.series || context.levelsMeanNothing || context.nonFinite) {
        return [];
      }
      const seen = Math.log(value);
      history.add(step, seen);
      recent.add(seen);
      if (history.count === 8) {
        early = recent.median();
      }
      const rise = pyramid.add(seen);
      if (rise === null) {
        return [];
      }
      const onset = fitOnset(history.since(Math.max(0, rise.lowestAt - 16)));
      // A jump is a spike's or a shift's; a norm that comes back to where it began has only recovered from a lull.
      const grows = !onset.jump && recent.median() > early + Math.log(3);
      if (!grows || context.stageNear(context.lossIndex)) {
        pyramid.rebase();
        return [];
      }
      said = true;
      return [
        {
          kind: "grad-explosion-smooth",
          series: observation.series,
          onsetStep: onset.step,
          onsetRange: onset.range,
          detectedStep: step,
          confidence: 0.85,
          evidence: [
            `the median of ${observation.series} ${numberWords(Math.exp(rise.from))} → ${numberWords(Math.exp(recent.median()))} since about step ${stepWords(onset.step)}, ${timesWords(Math.exp(recent.median() - rise.from))}, little by little`,
          ],
        },
      ];
    },
    restart() {
      pyramid = createRisePyramid(settings);
      history = createCurveHistory();
      early = Number.NaN;
      said = false;
    },
    silentBecause() {
      if (series === null) {
        return "no gradient norm is logged: log what clip_grad_norm_ returns";
      }
      return history.count >= settings.fewestBlocks ? null : "too few records of the gradient norm to judge its growth";
    },
  };
}
