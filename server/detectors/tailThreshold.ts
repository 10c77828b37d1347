/**
 * The level that a run's own noise passes about once in so many records, from the largest values seen: the tail beyond the
 * k-th largest is taken for a generalized Pareto tail whose shape is the moment estimate of Dekkers, Einmahl and de Haan
 * (Annals of Statistics 17, 1989), extended to the wanted rarity. Normal noise gives a threshold a little above its maximum,
 * heavy tails one far above it, so that one constant serves both.
 */
export interface TailThreshold {
  /** A value of ordinary noise; those at or below 0 only count. */
  add(value: number): void;
  /** The level passed with this probability a record; Infinity while fewer than `fewest` values are known. */
  level(probability: number): number;
  readonly count: number;
}

/** Largest values kept of each half of the memory. */
const kept = 16;
/** Standard errors (about 1/√k each) added to the shape: few values show a heavy tail badly. */
const caution = 0.5;
/** With so few values the caution doubles: 4 of 10 false alarms on simulated runs came within their first 100 records. */
const few = 64;
/** Values a half remembers: old noise is forgotten after one to two of these. */
const halfLength = 512;
/** The tail is at most this share of the values, or it is no tail. */
const tailShare = 1 / 8;
export const fewest = 24;

interface Half {
  readonly top: Float64Array;
  size: number;
  count: number;
}

export function createTailThreshold(): TailThreshold {
  let current: Half = { top: new Float64Array(kept), size: 0, count: 0 };
  let former: Half = { top: new Float64Array(kept), size: 0, count: 0 };

  function insert(half: Half, value: number): void {
    let at = half.size;
    if (at === kept) {
      if (value <= (half.top[kept - 1] ?? 0)) {
        return;
      }
      at = kept - 1;
    } else {
      half.size++;
    }
    while (at > 0 && (half.top[at - 1] ?? 0) < value) {
      half.top[at] = half.top[at - 1] ?? 0;
      at--;
    }
    half.top[at] = value;
  }

  return {
    add(value) {
      if (current.count === halfLength) {
        const empty = former;
        former = current;
        empty.size = 0;
        empty.count = 0;
        current = empty;
      }
      current.count++;
      if (value > 0) {
        insert(current, value);
      }
    },
    level(probability) {
      const count = current.count + former.count;
      if (count < fewest) {
        return Number.POSITIVE_INFINITY;
      }
      const top = [...current.top.subarray(0, current.size), ...former.top.subarray(0, former.size)]
        .sort((a, b) => b - a)
        .slice(0, Math.min(kept, Math.max(3, Math.floor(count * tailShare))));
      const k = top.length;
      const smallest = top[k - 1];
      if (k < 3 || smallest === undefined) {
        return Number.POSITIVE_INFINITY;
      }
      let first = 0;
      let second = 0;
      let excess = 0;
      for (const value of top) {
        const log = Math.log(value / smallest);
        first += log / (k - 1);
        second += (log * log) / (k - 1);
        excess += (value - smallest) / (k - 1);
      }
      const moment = second > 0 ? first + 1 - 0.5 / (1 - (first * first) / second) : 0;
      const shape = Math.min(
        1,
        Math.max(0, Number.isFinite(moment) ? moment : 0) + (caution * (1 + few / count)) / Math.sqrt(k),
      );
      return smallest + ((excess * Math.max(0.5, 1 - shape)) / shape) * ((k / (count * probability)) ** shape - 1);
    },
    get count() {
      return current.count + former.count;
    },
  };
}
