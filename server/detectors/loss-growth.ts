import { lossSilence } from "./lossCurves.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import type { LossEpisode } from "./riseEpisodes.ts";
import { sparseRise } from "./risePyramid.ts";
import type { Detector, DetectorKind, DetectorSettings, Observation, Verdict } from "./verdict.ts";

/** After a healthy time training loss rises and stays up. */
export const lossGrowth: DetectorKind = { kind: "loss-growth", create: createLossGrowth };

function createLossGrowth({ losses, context }: DetectorSettings): Detector {
  return {
    observe(observation) {
      if (losses.events.length === 0) {
        return [];
      }
      return losses.events.flatMap((event) => {
        if (event.type === "diverged") {
          return [verdictFromStart(observation, event)];
        }
        const growth = event.type === "growth" && !context.resumedNear(event.episode.onsetIndex);
        return growth ? [verdictOf(observation, event.episode)] : [];
      });
    },
    restart() {},
    silentBecause() {
      return (
        lossSilence(losses, context) ??
        (losses.records < sparseRise.fewestBlocks ? "too few records to judge a rise" : null)
      );
    },
  };
}

function verdictOf({ series, step }: Observation, { onset, from, level, logScale }: LossEpisode): Verdict {
  const was = logScale ? Math.exp(from) : from;
  const is = logScale ? Math.exp(level) : level;
  const evidence = [
    `${series} ${numberWords(was)} → ${numberWords(is)} over ${stepWords(step - onset.step)} steps`,
    logScale
      ? `it stands ${timesWords(Math.exp(level - from))} above its lowest level, more than it has risen before`
      : "it has not risen as far before",
  ];
  if (onset.range[1] > onset.range[0]) {
    evidence.push(`the rise begins between step ${stepWords(onset.range[0])} and ${stepWords(onset.range[1])}`);
  }
  return {
    kind: "loss-growth",
    series,
    onsetStep: onset.step,
    onsetRange: onset.range,
    detectedStep: step,
    confidence: Math.min(
      0.97,
      0.7 + 0.15 * Math.min(1.8, Math.abs(level - from) / (logScale ? 1 : Math.abs(from) + 1)),
    ),
    evidence,
  };
}

function verdictFromStart(
  { series, step, value }: Observation,
  { first, firstStep, records }: { readonly first: number; readonly firstStep: number; readonly records: number },
): Verdict {
  return {
    kind: "loss-growth",
    series,
    onsetStep: firstStep,
    onsetRange: [firstStep, step],
    detectedStep: step,
    confidence: 0.9,
    evidence: [
      `${series} ${numberWords(first)} → ${numberWords(value)} in the first ${records} records`,
      "it never fell: the run diverges from its start",
    ],
  };
}
