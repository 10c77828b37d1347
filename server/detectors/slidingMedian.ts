/** Median of the last `size` values: adding costs one search and one shift within a small array. */
export interface SlidingMedian {
  add(value: number): void;
  /** NaN before the first value. */
  median(): number;
  /** The value below which this share (0…1) of the window lies. */
  quantile(share: number): number;
  readonly count: number;
}

/** `size` is at most a few hundred; values must be finite. */
export function createSlidingMedian(size: number): SlidingMedian {
  const ring = new Float64Array(size);
  const sorted = new Float64Array(size);
  let count = 0;
  let next = 0;

  function positionOf(value: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? 0) < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  return {
    add(value) {
      if (count === size) {
        const oldest = positionOf(ring[next] ?? 0);
        sorted.copyWithin(oldest, oldest + 1, count);
        count--;
      }
      const at = positionOf(value);
      sorted.copyWithin(at + 1, at, count);
      sorted[at] = value;
      count++;
      ring[next] = value;
      next = (next + 1) % size;
    },
    median() {
      if (count === 0) {
        return Number.NaN;
      }
      const half = count >>> 1;
      const upper = sorted[half] ?? 0;
      return count % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? 0)) / 2;
    },
    quantile(share) {
      return count === 0 ? Number.NaN : (sorted[Math.min(count - 1, Math.floor(share * count))] ?? Number.NaN);
    },
    get count() {
      return count;
    },
  };
}

/** Median of a few numbers. NaN for none. */
export function medianOf(values: readonly number[]): number {
  if (values.length === 0) {
    return Number.NaN;
  }
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >>> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}
