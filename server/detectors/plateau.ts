import { lossSilence } from "./lossCurves.ts";
import { numberWords, stepWords } from "./numberWords.ts";
import { createSlidingMedian, medianOf } from "./slidingMedian.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** Records before a loss that never fell is a finding: half as many where the log shows the rate, or a record is many steps. */
const fewest = 128;
const fewestKnown = 64;
const manySteps = 10;
/** Records whose median is a block, and blocks that are kept. */
const blockLength = 16;
const mostBlocks = 192;
/** Never lower than this share of the first level. */
const fallen = 0.96;
/** What moves further up is no plateau. */
const risen = 1.25;
/**
 * A level is the mean of as many blocks as bring its standard error under this share. The lowest of 60 levels lies 2.3 errors
 * below their middle by chance, the first one up to two above: a fall of 0.04 must be more than both.
 */
const precision = 0.009;
/** Standard error of a block's median, in spreads: √(π/2)/√16. */
const blockError = 0.313;
/** Levels apart that show a fall: three standard errors. */
const certain = 3;

/** Training loss that never fell. */
export const plateau: DetectorKind = { kind: "plateau", create: createPlateau };

function createPlateau({ context, losses, stepAxis }: DetectorSettings): Detector {
  const level = createSlidingMedian(blockLength);
  const residuals = createSlidingMedian(64);
  let series: string | null = null;
  let firstStep = 0;
  let blocks: number[] = [];
  let count = 0;
  let over = false;

  function begin(): void {
    blocks = [];
    count = 0;
    over = false;
  }

  return {
    observe(observation) {
      const { role, value, step } = observation;
      if (role !== "train-loss" || over) {
        return [];
      }
      series ??= observation.series;
      if (series !== observation.series) {
        return [];
      }
      if (!Number.isFinite(value) || value <= 0 || context.levelsMeanNothing || context.nonFinite) {
        over = true;
        return [];
      }
      if (count === 0) {
        firstStep = step;
      }
      count++;
      if (level.count > 0) {
        residuals.add(Math.abs(value - level.median()));
      }
      level.add(value);
      if (count % blockLength !== 0) {
        return [];
      }
      blocks.push(level.median());
      const spread = 1.4826 * residuals.median();
      const usual = medianOf(blocks);
      const wide = Math.max(1, Math.ceil(((blockError * spread) / usual / precision) ** 2));
      const judged = judge(blocks, wide);
      if (
        judged.lowest < fallen * judged.first ||
        judged.highest > risen * judged.lowest ||
        blocks.length > mostBlocks
      ) {
        over = true;
        return [];
      }
      const steps = (step - firstStep) / count;
      const known = (context.hasRate && !context.rateRising) || (stepAxis === "step" && steps >= manySteps);
      if (count < (known ? fewestKnown : fewest) || blocks.length < 2 * wide || context.rateRising) {
        return [];
      }
      // What still falls, however slowly, has not stopped.
      const half = blocks.length >>> 1;
      const fall = meanOf(blocks, 0, half) - meanOf(blocks, half, blocks.length);
      if (
        fall > certain * ((blockError * spread) / Math.sqrt(half)) * Math.SQRT2 &&
        judged.last <= judged.lowest * 1.001
      ) {
        return [];
      }
      over = true;
      return [
        {
          kind: "plateau",
          series,
          onsetStep: firstStep,
          onsetRange: [firstStep, firstStep],
          detectedStep: step,
          confidence: 0.8,
          evidence: [
            `${series} is ${numberWords(judged.last)} after ${count.toLocaleString("en-US")} records, from ${numberWords(judged.first)} at the start: it has never fallen by 4 %`,
            `its lowest level was ${numberWords(judged.lowest)}; steps ${stepWords(firstStep)} to ${stepWords(step)}`,
          ],
        },
      ];
    },
    heard(verdict) {
      over = over || verdict.kind === "loss-growth" || verdict.kind === "non-finite";
      return [];
    },
    restart: begin,
    silentBecause() {
      return (
        lossSilence(losses, context) ??
        (over || count >= fewest ? null : "too few records to tell a plateau from a slow beginning")
      );
    },
  };
}

/** The first, lowest, highest and last mean of `wide` blocks in a row. */
function judge(blocks: readonly number[], wide: number) {
  const first = meanOf(blocks, 0, wide);
  let lowest = first;
  let highest = first;
  let last = first;
  for (let end = wide; end <= blocks.length; end++) {
    last = meanOf(blocks, end - wide, end);
    lowest = Math.min(lowest, last);
    highest = Math.max(highest, last);
  }
  return { first, lowest, highest, last };
}

function meanOf(values: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < Math.min(to, values.length); i++) {
    sum += values[i] ?? 0;
  }
  return sum / Math.max(1, Math.min(to, values.length) - from);
}
