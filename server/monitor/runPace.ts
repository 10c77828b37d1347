import { createSlidingMedian } from "../detectors/slidingMedian.ts";

/** How a run's records come: whether their absence means something. Times are ms of any one clock. */
export interface RunPace {
  /** Records have come. */
  note(now: number): void;
  /** No record for five times the usual interval, for longer than any pause so far, and for `shortestStall`. */
  isStalled(now: number): boolean;
  /** No record for ten times the longest pause, for a minute at least and an hour at most: the run is taken for over. */
  isOver(now: number): boolean;
  /** Milliseconds since the last record, NaN before the first. */
  silence(now: number): number;
  /** Milliseconds: the median of the last intervals, NaN before there are any. */
  usual(): number;
}

const stallsAfter = 5;
/** Runs pause for an evaluation or a checkpoint; that has a length of its own, which later ones may pass by half. */
const pauseTolerance = 1.5;
/** Writers with buffers and file systems that are polled make gaps of seconds without any stall. */
const shortestStall = 10_000;
/** Intervals that are asked for before one is called usual. */
const fewestIntervals = 5;
const shortestIdle = 60_000;
const longestIdle = 3_600_000;

export function createRunPace(): RunPace {
  const intervals = createSlidingMedian(64);
  let last = Number.NaN;
  let longest = 0;

  return {
    note(now) {
      const interval = now - last;
      // A clock that was set back says nothing of an interval.
      if (interval >= 0) {
        intervals.add(interval);
        longest = Math.max(longest, interval);
      }
      last = now;
    },
    isStalled(now) {
      const limit = Math.max(stallsAfter * intervals.median(), pauseTolerance * longest, shortestStall);
      return intervals.count >= fewestIntervals && now - last > limit;
    },
    isOver: (now) => now - last > Math.min(longestIdle, Math.max(shortestIdle, 10 * longest)),
    silence: (now) => now - last,
    usual: () => intervals.median(),
  };
}
