import { createSlidingMedian } from "./slidingMedian.ts";
import { createTailThreshold, fewest } from "./tailThreshold.ts";

/** What counts as a burst of a curve. Heights are in the view that is given: logarithms, or values as they are. */
export interface BurstSettings {
  readonly smallestRise: number;
  /** Times the spread (1.4826 MAD of the last residuals). */
  readonly spreads: number;
  /** A record's chance of passing the curve's own tail, as the fit of it sees it. */
  readonly probability: number;
  /** The same for a record at which another series jumps too: two that agree share the burden. */
  readonly jointProbability: number;
  /** Records whose median is the level that a burst leaves. */
  readonly levelWindow: number;
}

export interface Burst {
  readonly onsetStep: number;
  readonly onsetIndex: number;
  /** Step of the record before the onset. */
  readonly before: number;
  /** Level that it left, and the threshold that it passed, above that level. */
  readonly base: number;
  readonly threshold: number;
  peak: number;
  peakValue: number;
  records: number;
  above: number;
  confirmed: boolean;
  /** The level of the tail alone, and records above it. */
  readonly tail: number;
  aboveTail: number;
}

export interface BurstWatch {
  /** Gives the burst that is over with this record and stood out for certain. `muted` records open none. */
  add(seen: number, at: { readonly step: number; readonly index: number; readonly value: number }): Burst | null;
  /** The burst that has begun and is not over. */
  readonly open: Burst | null;
  /** Enough is known to judge. */
  readonly ready: boolean;
}

/** What is asked of the surroundings only where a record stands out. */
export interface BurstSurroundings {
  /** Something explains a jump here. */
  muted(index: number, value: number): boolean;
  /** Another series jumps at the same record. */
  confirmed(): boolean;
}

/** Residuals that give the ordinary spread. */
const spreadWindow = 96;
/** A burst is over when it is back under this share of its height. */
const over = 0.35;
/** What stays longer is a new level, which the rises are told of. */
const longest = 48;
/** Alone, one record must stand out this many times as far as the threshold. */
const gross = 2;
const usually = 2;
/** A threefold, and three times the largest residual of the last hundreds of records: certain with so many records above. */
const standingRise = Math.log(3);
const standingFactor = 3;
const standing = 3;
const recentLength = 96;
/** With fewer records than the tail needs, a burst must be this many times the largest residual so far, and a threefold. */
const earlyFactor = 6;
const earlyRecords = 10;
const earlyRise = Math.log(3);

/**
 * Finds records that stand far above the curve's recent level, judged by the curve's own residuals: their spread, and a tail
 * fitted to the largest of them. O(1) a record.
 */
export function createBurstWatch(settings: BurstSettings, around: BurstSurroundings): BurstWatch {
  const level = createSlidingMedian(settings.levelWindow);
  const spread = createSlidingMedian(spreadWindow);
  const tail = createTailThreshold();
  /** A falling curve lies below the median of its past: how far, so that noise is measured around its trend. */
  const trend = createSlidingMedian(settings.levelWindow);
  let open: Burst | null = null;
  let lastStep = Number.NaN;
  let largest = 0;
  const recent = createRecentLargest();
  /** Records since the level was lost for good: the window must fill with the new one first. */
  let relearn = 0;
  /** Records in a row that are back. */
  let back = 0;

  /** Infinity where the residual does not pass the cheap part of the threshold: the tail is asked only then. */
  function thresholdFor(residual: number): number {
    if (residual <= settings.smallestRise || level.count < Math.min(earlyRecords, settings.levelWindow)) {
      return Number.POSITIVE_INFINITY;
    }
    if (tail.count < fewest) {
      return tail.count >= earlyRecords
        ? Math.max(earlyRise, settings.smallestRise, earlyFactor * largest)
        : Number.POSITIVE_INFINITY;
    }
    const usual = Math.max(settings.smallestRise, settings.spreads * 1.4826 * spread.median() + trend.median());
    if (residual <= usual) {
      return Number.POSITIVE_INFINITY;
    }
    const byTail = tail.level(around.confirmed() ? settings.jointProbability : settings.probability);
    // Noise that was wild early on says little of a curve that has been quiet for long: there it takes several records.
    const byRecent = Math.max(standingRise, standingFactor * recent.largest());
    return Math.max(usual, Math.min(byTail, byRecent) + trend.median());
  }

  function accept(value: number, residual: number): void {
    if (level.count > 0) {
      trend.add(residual);
      const centred = residual - trend.median();
      spread.add(Math.abs(centred));
      tail.add(centred);
      recent.add(Math.abs(centred));
      largest = Math.max(largest, Math.abs(centred));
    }
    level.add(value);
  }

  function follow(burst: Burst, seen: number, value: number): Burst | null {
    const residual = seen - burst.base;
    burst.records++;
    if (residual > burst.peak) {
      burst.peak = residual;
      burst.peakValue = value;
    }
    burst.above += residual > burst.threshold ? 1 : 0;
    burst.aboveTail += residual > burst.tail ? 1 : 0;
    burst.confirmed = burst.confirmed || around.confirmed();
    back = residual <= over * burst.peak ? back + 1 : 0;
    // One low record of a noisy new level is no return; one near the old level is.
    const isOver = back >= 2 || (back === 1 && residual < 0.5 * burst.threshold);
    if (!isOver && burst.records <= longest) {
      return null;
    }
    back = 0;
    open = null;
    if (burst.records > longest) {
      relearn = settings.levelWindow;
      return null;
    }
    level.add(seen);
    const certain =
      burst.aboveTail >= usually || burst.above >= standing || burst.confirmed || burst.peak > gross * burst.tail;
    // What was no burst is noise to learn from. A burst is not: the next one, as high, would pass unseen.
    if (!certain) {
      tail.add(burst.peak);
      recent.add(burst.peak);
    }
    return certain ? burst : null;
  }

  return {
    add(seen, { step, index, value }) {
      const before = lastStep;
      lastStep = step;
      if (open !== null) {
        return follow(open, seen, value);
      }
      if (relearn > 0) {
        relearn--;
        level.add(seen);
        return null;
      }
      const base = level.median();
      const residual = seen - base;
      const limit = residual > 0 ? thresholdFor(residual) : Number.POSITIVE_INFINITY;
      if (!(residual > limit) || around.muted(index, value)) {
        accept(seen, residual);
        return null;
      }
      const tailLimit = Math.max(
        limit,
        tail.count < fewest ? 0 : tail.level(around.confirmed() ? settings.jointProbability : settings.probability),
      );
      open = {
        onsetStep: step,
        onsetIndex: index,
        before: Number.isNaN(before) ? step : before,
        base,
        threshold: limit,
        peak: residual,
        peakValue: value,
        records: 1,
        above: 1,
        confirmed: around.confirmed(),
        tail: tailLimit,
        aboveTail: residual > tailLimit ? 1 : 0,
      };
      return null;
    },
    get open() {
      return open;
    },
    get ready() {
      return tail.count >= earlyRecords;
    },
  };
}

/** The largest of the last one to two hundred values. */
function createRecentLargest() {
  let current = 0;
  let former = 0;
  let count = 0;
  return {
    add(value: number): void {
      if (count === recentLength) {
        former = current;
        current = 0;
        count = 0;
      }
      count++;
      current = Math.max(current, value);
    },
    largest: () => Math.max(current, former),
  };
}
