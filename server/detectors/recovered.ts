import { noTrainingLoss } from "./lossCurves.ts";
import { numberWords, stepWords } from "./numberWords.ts";
import type { Detector, DetectorKind, DetectorSettings, Verdict } from "./verdict.ts";

/** After a cut of the learning rate the loss must fall by this (logarithm, or share of the rise) within the open growth. */
const fallen = 0.2;

/** After growth the loss is back near its earlier level, or falls since the learning rate was cut. */
export const recovered: DetectorKind = { kind: "recovered", create: createRecovered };

function createRecovered({ losses, context }: DetectorSettings): Detector {
  let open: Verdict | null = null;
  let openIndex = 0;
  let highest = Number.NEGATIVE_INFINITY;
  let atCut = Number.NaN;
  let cutStep = Number.NaN;
  /** The last record near the height: what came after was the fall. */
  let lastHigh = 0;
  let smooth = Number.NaN;
  let below = 0;

  function close(step: number, why: string, onset: number): Verdict[] {
    if (open === null) {
      return [];
    }
    const { series, onsetStep } = open;
    open = null;
    return [
      {
        kind: "recovered",
        series,
        onsetStep: onset,
        onsetRange: [Math.min(lastHigh, onset), Math.max(onset, lastHigh)],
        detectedStep: step,
        confidence: 0.85,
        evidence: [`${series} has come down again after the growth since step ${stepWords(onsetStep)}`, why],
      },
    ];
  }

  return {
    observe({ role, series, step, value, index }) {
      if (open === null || role !== "train-loss" || series !== open.series) {
        return [];
      }
      const seen = value > 0 ? Math.log(value) : value;
      smooth = Number.isNaN(smooth) ? seen : smooth + 0.2 * (seen - smooth);
      if (smooth > highest - fallen) {
        lastHigh = step;
      }
      highest = Math.max(highest, smooth);
      const cut = context.rateCut;
      if (cut !== null && cut.index > openIndex && cut.step !== cutStep) {
        cutStep = cut.step;
        atCut = smooth;
      }
      below = smooth < atCut - fallen ? below + 1 : 0;
      if (below >= 12) {
        return close(
          step,
          `since the learning rate was cut to ${numberWords(context.rate)} at step ${stepWords(cutStep)}`,
          cutStep,
        );
      }
      for (const event of losses.events) {
        if (event.type === "over") {
          const near = Number.isFinite(cutStep) && index - (cut?.index ?? 0) < 64;
          return close(
            step,
            near ? `the learning rate was cut at step ${stepWords(cutStep)}` : "nothing in the log says why",
            near ? cutStep : lastHigh,
          );
        }
      }
      return [];
    },
    heard(verdict) {
      if (verdict.kind === "loss-growth") {
        open = verdict;
        openIndex = context.lossIndex;
        highest = Number.NEGATIVE_INFINITY;
        smooth = Number.NaN;
        atCut = Number.NaN;
        cutStep = Number.NaN;
        below = 0;
      }
      return [];
    },
    restart() {
      open = null;
    },
    silentBecause: () => (losses.any ? null : noTrainingLoss),
  };
}
