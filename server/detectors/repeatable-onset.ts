import { lossSilence } from "./lossCurves.ts";
import { stepWords } from "./numberWords.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** Distances, in steps, between three bursts that agree to this share: chance agrees to a hundredth in runs with many. */
const agreement = 0.003;
/** Nearer bursts are one event. */
const nearest = 8;
/** Distances of fewer records agree by chance too often: there it takes a fourth burst. */
const far = 100;

/** The loss jumps at the same place again and again, as once in each epoch. */
export const repeatableOnset: DetectorKind = { kind: "repeatable-onset", create: createRepeatableOnset };

interface Place {
  readonly index: number;
  readonly step: number;
  readonly before: number;
}

function createRepeatableOnset({ context, losses }: DetectorSettings): Detector {
  let places: Place[] = [];
  let said = false;
  return {
    observe({ series, step }) {
      if (said || losses.events.length === 0) {
        return [];
      }
      for (const event of losses.events) {
        if (event.type !== "burst") {
          continue;
        }
        const { onsetIndex, onsetStep, before } = event.burst;
        const last = places[places.length - 1];
        if (last !== undefined && onsetIndex - last.index < nearest) {
          continue;
        }
        places = [...places.slice(-3), { index: onsetIndex, step: onsetStep, before }];
        const needed = last !== undefined && onsetIndex - last.index >= far ? 3 : 4;
        const [a, b, c] = places.slice(-needed);
        if (a === undefined || b === undefined || c === undefined || !evenlySpaced(places.slice(-needed), needed)) {
          continue;
        }
        said = true;
        return [
          {
            kind: "repeatable-onset",
            series,
            onsetStep: a.step,
            onsetRange: [a.before, a.step],
            detectedStep: step,
            confidence: 0.9,
            evidence: [
              `${series} jumps at steps ${stepWords(a.step)}, ${stepWords(b.step)} and ${stepWords(c.step)}: every ${stepWords(b.step - a.step)} steps`,
            ],
          },
        ];
      }
      return [];
    },
    restart() {
      places = [];
      said = false;
    },
    silentBecause() {
      return lossSilence(losses, context);
    },
  };
}

function evenlySpaced(places: readonly Place[], needed: number): boolean {
  const gaps = places.slice(1).map(({ step }, i) => step - (places[i]?.step ?? 0));
  const first = gaps[0] ?? 0;
  return places.length === needed && gaps.every((gap) => Math.abs(gap - first) <= agreement * first);
}
