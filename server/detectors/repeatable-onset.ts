import { stepWords } from "./numberWords.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** Distances, in steps, between three bursts that agree to this share. */
const agreement = 0.01;
/** Nearer bursts are one event. */
const nearest = 8;

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
        places = [...places.slice(-2), { index: onsetIndex, step: onsetStep, before }];
        const [a, b, c] = places;
        if (a === undefined || b === undefined || c === undefined) {
          continue;
        }
            const gap = b.step - a.step;
        if (Math.abs(c.step - b.step - gap) > agreement * gap) {
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
      if (!losses.any) {
        return "no training loss is logged: log it at every few steps";
      }
      return context.levelsMeanNothing ? "reward or adversarial losses are logged: their level says nothing" : null;
    },
  };
}
