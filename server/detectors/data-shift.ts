import { lossSilence } from "./lossCurves.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** Training loss changes its level at once and for good, while neither the learning rate nor the gradients explain it. */
export const dataShift: DetectorKind = { kind: "data-shift", create: createDataShift };

function createDataShift({ losses, context }: DetectorSettings): Detector {
  return {
    observe({ series, step }) {
      if (losses.events.length === 0) {
        return [];
      }
      return losses.events.flatMap((event) => {
        if (event.type !== "shift" || context.resumedNear(event.episode.onsetIndex)) {
          return [];
        }
        const { onset, from, level, logScale } = event.episode;
        const [was, is] = logScale ? [Math.exp(from), Math.exp(level)] : [from, level];
        return [
          {
            kind: "data-shift" as const,
            series,
            onsetStep: onset.step,
            onsetRange: onset.range,
            detectedStep: step,
            confidence: context.hasRate ? 0.8 : 0.7,
            evidence: [
              `${series} jumps at step ${stepWords(onset.step)} and stays: ${numberWords(was)} → ${numberWords(is)}${
                logScale ? `, ${timesWords(Math.exp(level - from))}` : ""
              }`,
              context.hasRate
                ? "the learning rate does not change there"
                : "the learning rate is not logged: that it stayed the same could not be checked",
            ],
          },
        ];
      });
    },
    restart() {},
    silentBecause() {
      return (
        lossSilence(losses, context) ?? (losses.records < 32 ? "too few records to tell a shift from noise" : null)
      );
    },
  };
}
