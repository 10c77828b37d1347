import type { Stretch } from "./curveHistory.ts";
import { medianOf } from "./slidingMedian.ts";

/** Where a curve begins to rise. */
export interface Onset {
  /** Record number (from 0) and step of the first risen record. */
  readonly record: number;
  readonly step: number;
  /** Steps between which the onset lies. */
  readonly range: readonly [number, number];
  /** At least half of the rise happens within three records. */
  readonly jump: boolean;
}

/** Points of one round of the fit: each candidate costs a pass, so that a round costs this squared. */
const points = 96;
/** Records on both sides that tell a jump from a slope. */
const jumpRecords = 3;

/**
 * Fits a step and a hinge (flat, then a line upwards) by least absolute error and takes the better one; rounds go from
 * coarse to fine around the best place. The range holds all places that fit nearly as well.
 */
export function fitOnset(stretch: Stretch): Onset {
  const { records, steps, values } = stretch;
  const last = records.length - 1;
  let from = 0;
  let to = records.length;
  let best = 0;
  let low = 0;
  let high = last;
  for (let round = 0; round < 4; round++) {
    const size = Math.max(1, Math.ceil((to - from) / points));
    const blocks = blocksOf(values, from, to, size);
    const fit = bestPlace(blocks);
    best = from + fit.place * size;
    if (round === 0) {
      low = from + fit.low * size;
      high = Math.min(last, from + (fit.high + 1) * size - 1);
    }
    if (size === 1) {
      break;
    }
    from = Math.max(0, best - 12 * size);
    to = Math.min(records.length, best + 12 * size);
  }
  best = Math.min(best, last);
  return {
    record: records[best] ?? 0,
    step: steps[best] ?? 0,
    range: [steps[Math.min(low, best)] ?? 0, steps[Math.max(high, best)] ?? 0],
    jump: isJump(values, best),
  };
}

function blocksOf(values: readonly number[], from: number, to: number, size: number): number[] {
  if (size === 1) {
    return values.slice(from, to);
  }
  const blocks: number[] = [];
  for (let i = from; i < to; i += size) {
    blocks.push(medianOf(values.slice(i, Math.min(to, i + size))));
  }
  return blocks;
}

interface Place {
  readonly place: number;
  readonly low: number;
  readonly high: number;
}

function bestPlace(values: readonly number[]): Place {
  const costs: number[] = [];
  let place = 1;
  for (let k = 0; k < values.length; k++) {
    costs.push(k === 0 || k === values.length ? Number.POSITIVE_INFINITY : cost(values, k));
    if ((costs[k] ?? 0) < (costs[place] ?? 0)) {
      place = k;
    }
  }
  const lowest = costs[place] ?? 0;
  // As many points as fit within one standard error of the best fit's cost could be the place as well.
  const near = lowest * (1 + 1 / Math.sqrt(Math.max(4, values.length))) + 1e-12;
  const fitting = costs.flatMap((value, k) => (value <= near ? [k] : []));
  return { place, low: fitting[0] ?? place, high: fitting[fitting.length - 1] ?? place };
}

function cost(values: readonly number[], k: number): number {
  const left = values.slice(0, k);
  const right = values.slice(k);
  const base = medianOf(left);
  const below = absoluteSum(left, () => base);
  const top = medianOf(right);
  const step = absoluteSum(right, () => top);
  const slope = medianOf(right.map((value, i) => (value - base) / (i + 1)));
  const hinge = absoluteSum(right, (i) => base + slope * (i + 1));
  // A fall is no onset of a rise.
  const rises = top > base || slope > 0;
  return rises ? below + Math.min(top > base ? step : Number.POSITIVE_INFINITY, hinge) : Number.POSITIVE_INFINITY;
}

function absoluteSum(values: readonly number[], model: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += Math.abs((values[i] ?? 0) - model(i));
  }
  return sum;
}

function isJump(values: readonly number[], at: number): boolean {
  const before = medianOf(values.slice(Math.max(0, at - 4 * jumpRecords), at));
  const rise = medianOf(values.slice(-4 * jumpRecords)) - before;
  const highest = Math.max(...values.slice(at));
  const soon = medianOf(values.slice(at, at + jumpRecords)) - before;
  return (
    Number.isFinite(soon) && soon > 0 && soon >= 0.5 * Math.min(rise > 0 ? rise : highest - before, highest - before)
  );
}
