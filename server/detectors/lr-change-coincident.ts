import { numberWords, stepWords } from "./numberWords.ts";
import type { Detector, DetectorKind, DetectorSettings, VerdictKind } from "./verdict.ts";

/** Failures that a raised learning rate brings about. */
const follows: ReadonlySet<VerdictKind> = new Set(["loss-growth", "grad-explosion-smooth", "non-finite"]);

/** A failure begins within a few records of a step upwards of the learning rate. */
export const lrChangeCoincident: DetectorKind = { kind: "lr-change-coincident", create: createLrChange };

function createLrChange({ context }: DetectorSettings): Detector {
  let saidAt = Number.NaN;
  return {
    observe: () => [],
    heard(verdict) {
      const change = follows.has(verdict.kind) ? context.rateRaise(verdict.onsetStep) : null;
      if (change === null || change.step === saidAt) {
        return [];
      }
      saidAt = change.step;
      return [
        {
          kind: "lr-change-coincident",
          series: verdict.series,
          onsetStep: change.step,
          onsetRange: [Math.min(change.step, verdict.onsetStep), Math.max(change.step, verdict.onsetStep)],
          detectedStep: verdict.detectedStep,
          confidence: 0.85,
          evidence: [
            `the learning rate goes from ${numberWords(change.from)} to ${numberWords(change.to)} at step ${stepWords(change.step)}, where ${verdict.kind} begins`,
          ],
        },
      ];
    },
    restart() {
      saidAt = Number.NaN;
    },
    silentBecause: () => (context.hasRate ? null : "no learning rate is logged: log it beside the loss"),
  };
}
