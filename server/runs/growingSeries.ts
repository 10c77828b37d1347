import type { Series } from "./run.ts";
import { roleOf } from "./seriesRole.ts";

/** Points in a block of the lowest level of the index, and blocks in one of the next: shallow enough to keep in step cheaply. */
export const fanOut = 16;

/** One level of the index: for each block the position of its smallest and largest finite value, -1 where it has none. */
interface IndexLevel {
  smallest: Int32Array;
  largest: Int32Array;
}

/** A series with what range questions need: kept up to date by `appendPoint`, O(log n) a point. */
export interface GrowingSeries extends Series {
  /** Positions at which the step goes back: each starts a stretch of ascending steps. The first is 0. */
  readonly branches: number[];
  /** Positions of NaN and ±Infinity, ascending. */
  readonly nonFinite: number[];
  readonly levels: IndexLevel[];
}

/** An empty series; its role comes from its name. */
export function createSeries(name: string): GrowingSeries {
  return {
    name,
    role: roleOf(name),
    steps: new Float64Array(64),
    values: new Float64Array(64),
    length: 0,
    branches: [],
    nonFinite: [],
    levels: [],
  };
}

export function appendPoint(series: GrowingSeries, step: number, value: number): void {
  const at = series.length;
  if (at === series.steps.length) {
    series.steps = enlarged(series.steps);
    series.values = enlarged(series.values);
  }
  if (at === 0 || step < (series.steps[at - 1] ?? 0)) {
    series.branches.push(at);
  }
  series.steps[at] = step;
  series.values[at] = value;
  series.length = at + 1;
  if (Number.isFinite(value)) {
    addToIndex(series, at, value);
  } else {
    series.nonFinite.push(at);
  }
}

/** Long series grow by a quarter: at the worst a point takes 20 bytes instead of 32, and is copied four times. */
const longSeries = 65_536;

function enlarged(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length < longSeries ? array.length * 2 : Math.ceil(array.length * 1.25));
  larger.set(array);
  return larger;
}

function addToIndex(series: GrowingSeries, at: number, value: number): void {
  let block = at;
  for (let depth = 0; block > 0 || depth === 0; depth++) {
    block = Math.floor(block / fanOut);
    const level = levelFor(series, depth, block);
    const smallest = level.smallest[block] ?? -1;
    if (smallest < 0 || value < (series.values[smallest] ?? 0)) {
      level.smallest[block] = at;
    }
    const largest = level.largest[block] ?? -1;
    if (largest < 0 || value > (series.values[largest] ?? 0)) {
      level.largest[block] = at;
    }
  }
}

function levelFor(series: GrowingSeries, depth: number, block: number): IndexLevel {
  let level = series.levels[depth];
  if (level === undefined) {
    level = { smallest: new Int32Array(0), largest: new Int32Array(0) };
    series.levels[depth] = level;
    // A new level has to know what stands below it: its first block is the whole so far.
    for (let i = 0; depth > 0 && i < series.length - 1; i++) {
      const value = series.values[i] ?? Number.NaN;
      if (Number.isFinite(value)) {
        addAt(series, level, Math.floor(i / fanOut ** (depth + 1)), i, value);
      }
    }
  }
  grow(level, block);
  return level;
}

function addAt(series: GrowingSeries, level: IndexLevel, block: number, at: number, value: number): void {
  grow(level, block);
  const smallest = level.smallest[block] ?? -1;
  if (smallest < 0 || value < (series.values[smallest] ?? 0)) {
    level.smallest[block] = at;
  }
  const largest = level.largest[block] ?? -1;
  if (largest < 0 || value > (series.values[largest] ?? 0)) {
    level.largest[block] = at;
  }
}

function grow(level: IndexLevel, block: number): void {
  if (block < level.smallest.length) {
    return;
  }
  const length = Math.max(4, level.smallest.length * 2, block + 1);
  const smallest = new Int32Array(length).fill(-1);
  smallest.set(level.smallest);
  const largest = new Int32Array(length).fill(-1);
  largest.set(level.largest);
  level.smallest = smallest;
  level.largest = largest;
}

/** Positions of the smallest and largest finite value among the points `from`…`to` (end exclusive), -1 when there is none. */
export function extremesOf(series: GrowingSeries, from: number, to: number): { smallest: number; largest: number } {
  const found = { smallest: -1, largest: -1 };
  const consider = (low: number, high: number): void => {
    if (low >= 0 && (found.smallest < 0 || (series.values[low] ?? 0) < (series.values[found.smallest] ?? 0))) {
      found.smallest = low;
    }
    if (high >= 0 && (found.largest < 0 || (series.values[high] ?? 0) > (series.values[found.largest] ?? 0))) {
      found.largest = high;
    }
  };
  let at = from;
  while (at < to) {
    // The largest aligned block that begins here and ends within the range.
    let depth = -1;
    let size = 1;
    while (depth + 1 < series.levels.length && at % (size * fanOut) === 0 && at + size * fanOut <= to) {
      size *= fanOut;
      depth++;
    }
    if (depth < 0) {
      if (Number.isFinite(series.values[at])) {
        consider(at, at);
      }
    } else {
      const block = at / size;
      consider(series.levels[depth]?.smallest[block] ?? -1, series.levels[depth]?.largest[block] ?? -1);
    }
    at += size;
  }
  return found;
}
