import { numberWords, timesWords } from "./numberWords.ts";
import { createSlidingMedian } from "./slidingMedian.ts";
import type { Detector, DetectorKind, DetectorSettings, Verdict } from "./verdict.ts";

/** The first layer's gradient beside the whole one: five orders of magnitude less. A plain ten-layer ReLU net shows about 0.1. */
const firstLayerShare = 1e-5;
const fewest = 32;
/** A norm that has fallen a thousandfold, or that was never above what float32 rounds away at weights of about 1. */
const fallen = Math.log(1e-3);
const tiny = Math.log(1e-6);
/** The loss is still high: its level has not fallen below this share of its first. */
const stillHigh = 0.9;

const firstLayer = /(?:first|layers?[._ ]?[01](?!\d)|input|embed)/i;
const gradientWord = /grad/i;

/** Gradients fall toward nothing while the loss stays high. */
export const vanishingGradient: DetectorKind = { kind: "vanishing-gradient", create: createVanishingGradient };

function createVanishingGradient({ context }: DetectorSettings): Detector {
  const norms = createSlidingMedian(16);
  const shares = createSlidingMedian(fewest);
  const losses = createSlidingMedian(16);
  const names = new Map<string, boolean>();
  let series: string | null = null;
  let lastNorm = Number.NaN;
  let highest = Number.NEGATIVE_INFINITY;
  let firstLoss = Number.NaN;
  let firstStep = Number.NaN;
  let fellAt = Number.NaN;
  let records = 0;
  let said = false;
  let layered = false;

  function isFirstLayer(name: string): boolean {
    let known = names.get(name);
    if (known === undefined) {
      known = gradientWord.test(name) && firstLayer.test(name);
      names.set(name, known);
    }
    return known;
  }

  const lossHigh = (): boolean => losses.count >= 16 && losses.median() > stillHigh * firstLoss;

  function verdict(name: string, onset: number, step: number, sentence: string): Verdict[] {
    said = true;
    return [
      {
        kind: "vanishing-gradient",
        series: name,
        onsetStep: onset,
        onsetRange: [onset, onset],
        detectedStep: step,
        confidence: 0.8,
        evidence: [
          sentence,
          `the loss is still ${numberWords(losses.median())}, from ${numberWords(firstLoss)} at the start`,
        ],
      },
    ];
  }

  return {
    observe({ role, series: name, value, step }) {
      if (said) {
        return [];
      }
      if (role === "train-loss") {
        if ((series !== null || layered) && value > 0 && Number.isFinite(value)) {
          losses.add(value);
          if (losses.count === 8) {
            firstLoss = losses.median();
          }
        }
        return [];
      }
      if (role !== "grad-norm" && role !== "other") {
        return [];
      }
      if (!(value >= 0) || !Number.isFinite(value)) {
        return [];
      }
      if (Number.isNaN(firstStep)) {
        firstStep = step;
      }
      if (isFirstLayer(name)) {
        layered = true;
        if (lastNorm > 0) {
          shares.add(value / lastNorm);
        }
        if (shares.count >= fewest && shares.median() < firstLayerShare && lossHigh() && !context.levelsMeanNothing) {
          return verdict(
            name,
            firstStep,
            step,
            `the first layer's gradient is ${timesWords(shares.median())} the whole one, over ${fewest} records`,
          );
        }
        return [];
      }
      if (role !== "grad-norm" || (series !== null && series !== name)) {
        return [];
      }
      series = name;
      lastNorm = value;
      records++;
      norms.add(Math.log(Math.max(value, 1e-300)));
      const level = norms.median();
      if (records >= 16) {
        highest = Math.max(highest, level);
      }
      const low = level < Math.max(highest + fallen, tiny);
      if (!low) {
        fellAt = Number.NaN;
        return [];
      }
      if (Number.isNaN(fellAt)) {
        fellAt = step;
      }
      if (records >= fewest && lossHigh() && !context.levelsMeanNothing && context.rate !== 0) {
        return verdict(
          name,
          highest < tiny ? firstStep : fellAt,
          step,
          `the median of ${name} is ${numberWords(Math.exp(level))}, its highest was ${numberWords(Math.exp(highest))}`,
        );
      }
      return [];
    },
    restart() {
      said = false;
      records = 0;
      highest = Number.NEGATIVE_INFINITY;
      firstStep = Number.NaN;
    },
    silentBecause() {
      if (series === null && !layered) {
        return "no gradient norm is logged: log it for the first layer and for the whole";
      }
      return layered ? null : records >= fewest ? null : "too few records of the gradient norm";
    },
  };
}
