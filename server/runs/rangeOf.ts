import type { SeriesPoints } from "../protocol.ts";
import { extremesOf, type GrowingSeries } from "./growingSeries.ts";

/**
 * The points of a series within the inclusive steps `from`…`to` (null for all), thinned to at most four for each pixel
 * column: the first, the smallest, the largest and the last; a non-finite value takes the first one's place where a column
 * would have five. No extreme is dropped. Points stay in the order of writing, so branches of a restarted run overlap.
 * Costs O(columns · log n) for each stretch of ascending steps.
 */
export function rangeOf(series: GrowingSeries, from: number | null, to: number | null, columns: number): SeriesPoints {
  const stretches = stretchesOf(series, from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY);
  const total = stretches.reduce((sum, [start, end]) => sum + end - start, 0);
  const wide = Math.max(1, Math.floor(columns));
  const positions: number[] = [];
  if (total <= 4 * wide) {
    for (const [start, end] of stretches) {
      for (let i = start; i < end; i++) {
        positions.push(i);
      }
    }
  } else {
    const low = from ?? Math.min(...stretches.map(([start]) => series.steps[start] ?? 0));
    const high = to ?? Math.max(...stretches.map(([, end]) => series.steps[end - 1] ?? 0));
    for (const stretch of stretches) {
      thin(series, stretch, low, high, wide, positions);
    }
  }
  return pointsAt(series, positions, total);
}

/** Position ranges (end exclusive) of ascending steps within the wanted steps. */
function stretchesOf(series: GrowingSeries, from: number, to: number): [number, number][] {
  const found: [number, number][] = [];
  for (let k = 0; k < series.branches.length; k++) {
    const start = series.branches[k] ?? 0;
    const end = series.branches[k + 1] ?? series.length;
    const first = lowerBound(series.steps, start, end, from);
    const last = upperBound(series.steps, first, end, to);
    if (last > first) {
      found.push([first, last]);
    }
  }
  return found;
}

function thin(
  series: GrowingSeries,
  [start, end]: [number, number],
  low: number,
  high: number,
  columns: number,
  into: number[],
): void {
  const width = (high - low) / columns;
  let at = start;
  while (at < end) {
    const step = series.steps[at] ?? 0;
    const column = width > 0 ? Math.min(columns - 1, Math.floor((step - low) / width)) : 0;
    const next =
      column === columns - 1 ? end : Math.max(at + 1, lowerBound(series.steps, at, end, low + (column + 1) * width));
    addColumn(series, at, next, into);
    at = next;
  }
}

function addColumn(series: GrowingSeries, start: number, end: number, into: number[]): void {
  const { smallest, largest } = extremesOf(series, start, end);
  const wanted = new Set([start, end - 1]);
  if (smallest >= 0) {
    wanted.add(smallest);
    wanted.add(largest);
  }
  const k = lowerBound(series.nonFinite, 0, series.nonFinite.length, start);
  const marked = series.nonFinite[k];
  if (marked !== undefined && marked < end) {
    wanted.add(marked);
    if (wanted.size > 4) {
      wanted.delete(start);
    }
  }
  into.push(...[...wanted].sort((a, b) => a - b));
}

function pointsAt(series: GrowingSeries, positions: readonly number[], total: number): SeriesPoints {
  const steps: number[] = [];
  const values: (number | null)[] = [];
  const nonFinite: { step: number; kind: "NaN" | "Infinity" | "-Infinity" }[] = [];
  for (const position of positions) {
    const step = series.steps[position] ?? Number.NaN;
    const value = series.values[position] ?? Number.NaN;
    steps.push(step);
    if (Number.isFinite(value)) {
      values.push(value);
    } else {
      values.push(null);
      nonFinite.push({ step, kind: nonFiniteKind(value) });
    }
  }
  return { name: series.name, steps, values, nonFinite, total };
}

/** The word by which messages name a non-finite number. */
export function nonFiniteKind(value: number): "NaN" | "Infinity" | "-Infinity" {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

function lowerBound(sorted: ArrayLike<number>, start: number, end: number, wanted: number): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function upperBound(sorted: ArrayLike<number>, start: number, end: number, wanted: number): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
