import { type LossEvent, lossSilence } from "./lossCurves.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import type { Detector, DetectorKind, DetectorSettings, Observation, Verdict } from "./verdict.ts";

/** Spikes told one by one; later ones only when they are half as high again as all before: the first few have said it all. */
const mostTold = 2;
const higher = 1.5;

/** Training loss that jumps far outside its own noise and comes back. */
export const lossSpike: DetectorKind = { kind: "loss-spike", create: createLossSpike };

function createLossSpike({ losses, context }: DetectorSettings): Detector {
  let told = 0;
  let repeats = false;
  let highest = Number.NEGATIVE_INFINITY;

  /** A rise that starts the run's spikes anew is told once, as what it is; so is what comes with a resumed run. */
  function isNews(index: number, peak: number): boolean {
    if (repeats || context.resumedNear(index) || (told >= mostTold && peak <= higher * highest)) {
      return false;
    }
    told++;
    highest = Math.max(highest, peak);
    return true;
  }

  return {
    observe(observation) {
      if (losses.events.length === 0) {
        return [];
      }
      const said: Verdict[] = [];
      for (const event of losses.events) {
        if (event.type === "burst" && isNews(event.burst.onsetIndex, event.burst.peak)) {
          said.push(verdictOfBurst(observation, event));
        } else if (event.type === "spike" && isNews(event.episode.onsetIndex, event.episode.to - event.episode.from)) {
          said.push(verdictOfEpisode(observation, event));
        }
      }
      return said;
    },
    heard(verdict) {
      repeats = repeats || verdict.kind === "repeatable-onset";
      return [];
    },
    restart() {
      told = 0;
      highest = Number.NEGATIVE_INFINITY;
    },
    silentBecause() {
      return (
        lossSilence(losses, context) ?? (losses.ready ? null : "too few records of training loss to know its noise")
      );
    },
  };
}

function verdictOfBurst(
  { series, step }: Observation,
  { burst, logScale }: Extract<LossEvent, { type: "burst" }>,
): Verdict {
  const level = logScale ? Math.exp(burst.base) : burst.base;
  const evidence = [
    `${series} ${numberWords(level)} → ${numberWords(burst.peakValue)} at step ${stepWords(burst.onsetStep)}${
      logScale ? `, ${timesWords(Math.exp(burst.peak))} its recent level` : ""
    }`,
    `back near its level after ${burst.records - 1} ${burst.records === 2 ? "record" : "records"}`,
  ];
  if (burst.confirmed) {
    evidence.push("the gradient norm jumped at the same place, more than 10× its recent median");
  }
  return {
    kind: "loss-spike",
    series,
    onsetStep: burst.onsetStep,
    onsetRange: [burst.before, burst.onsetStep],
    detectedStep: step,
    confidence: Math.min(0.98, 0.7 + 0.1 * Math.min(2, burst.peak / burst.threshold - 1) + (burst.confirmed ? 0.1 : 0)),
    evidence,
  };
}

function verdictOfEpisode(
  { series, step }: Observation,
  { episode }: Extract<LossEvent, { readonly episode: unknown }>,
): Verdict {
  const { onset, from, to, logScale } = episode;
  return {
    kind: "loss-spike",
    series,
    onsetStep: onset.step,
    onsetRange: onset.range,
    detectedStep: step,
    confidence: 0.8,
    evidence: [
      logScale
        ? `${series} rose to ${timesWords(Math.exp(to - from))} its lowest level at once, and has won back more than half of that`
        : `${series} ${numberWords(from)} → ${numberWords(to)} at once, and has won back more than half of that`,
    ],
  };
}
