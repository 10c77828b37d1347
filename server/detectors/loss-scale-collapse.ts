import { numberWords, stepWords } from "./numberWords.ts";
import type { Detector, DetectorKind } from "./verdict.ts";

/** A scale that has stood still this many records, or has risen, has found its level: PyTorch's starts at 2^16 and searches downwards. */
const settledRecords = 8;
/** Halvings without a rise; a scale that was never settled is still searching until this many. */
const halvings = 5;
const halvingsUnsettled = 20;
/** A floor at which scaling helps no more. */
const floor = 1;
/** Falls in one record can be one overflow written late: it takes as many falling records. */
const fewestFalls = 2;

/** The dynamic loss scale keeps halving: every backward pass overflows. */
export const lossScaleCollapse: DetectorKind = { kind: "loss-scale-collapse", create: createLossScaleCollapse };

function createLossScaleCollapse(): Detector {
  let series: string | null = null;
  let last = Number.NaN;
  let equal = 0;
  let settled = false;
  let top = Number.NaN;
  let falls = 0;
  let onset = 0;
  let before = 0;
  let lastStep = 0;
  let said = false;

  return {
    observe(observation) {
      const { role, value, step } = observation;
      if (role !== "loss-scale" || !(value > 0)) {
        return [];
      }
      series ??= observation.series;
      if (series !== observation.series) {
        return [];
      }
      const previous = last;
      const previousStep = lastStep;
      last = value;
      lastStep = step;
      if (!(value < previous)) {
        equal = value === previous ? equal + 1 : 0;
        settled = settled || equal >= settledRecords || value > previous;
        if (value > previous || equal >= settledRecords) {
          falls = 0;
          said = said && value <= previous;
        }
        return [];
      }
      equal = 0;
      if (falls === 0) {
        top = previous;
        onset = step;
        before = previousStep;
      }
      falls++;
      const halved = Math.log2(top / value);
      const enough = halved >= (settled ? halvings : halvingsUnsettled) || (halved >= halvings && value <= floor);
      if (said || falls < fewestFalls || !enough) {
        return [];
      }
      said = true;
      return [
        {
          kind: "loss-scale-collapse",
          series: observation.series,
          onsetStep: onset,
          onsetRange: [before, onset],
          detectedStep: step,
          confidence: settled ? 0.95 : 0.85,
          evidence: [
            `${observation.series} ${numberWords(top)} → ${numberWords(value)} from step ${stepWords(onset)} on, ${Math.round(halved)} halvings without a rise`,
            "each halving is an optimizer step that was skipped because gradients overflowed",
          ],
        },
      ];
    },
    restart() {
      last = Number.NaN;
      falls = 0;
      settled = false;
      equal = 0;
      said = false;
    },
    silentBecause: () =>
      series === null ? "no loss scale is logged: where a GradScaler is used, log scaler.get_scale()" : null,
  };
}
