import { createSlidingMedian, medianOf, type SlidingMedian } from "./slidingMedian.ts";

/** A rise that a level of the pyramid holds for real. */
export interface Rise {
  /** Records (counted from 0 in this series) of the lowest level before the rise, and of the alarm. */
  readonly lowestAt: number;
  readonly alarmAt: number;
  /** The lowest level before and the level at the alarm, in the view given (logarithm or raw). */
  readonly from: number;
  readonly to: number;
  /** Level of the pyramid, blocks of 4^level records. */
  readonly level: number;
  /** Blocks in a window there. */
  readonly window: number;
}

/** Constants of one pyramid; measured over 2,000 simulated healthy curves and injected failures. */
export interface RiseSettings {
  /** Blocks whose median is a window. */
  readonly window: number;
  /** Times the largest drawup so far. */
  readonly drawups: number;
  /** Times the largest drawup at 70 % of the run: 6 rather than 4 halves the false alarms on long noisy curves. */
  readonly earlyDrawups: number;
  /** Times the spread. */
  readonly spreads: number;
  /** Smallest rise worth a word. */
  readonly effect: number;
  readonly fewestBlocks: number;
  readonly levels: number;
}

export const denseRise: RiseSettings = {
  window: 8,
  drawups: 2,
  earlyDrawups: 6,
  spreads: 4,
  effect: 0.1,
  fewestBlocks: 32,
  levels: 8,
};

/** For logs of a few dozen records (one an epoch): the stricter pair of the measured ones. */
export const sparseRise: RiseSettings = {
  window: 3,
  drawups: 3,
  earlyDrawups: Number.POSITIVE_INFINITY,
  spreads: 8,
  effect: 0.4,
  fewestBlocks: 12,
  levels: 1,
};

/** The early drawup counts from this many blocks on, and is taken at this share of them. */
const earlyBlocks = 64;
const earlyShare = 0.7;
/** Window changes remembered for the spread. */
const memory = 128;

interface PyramidLevel {
  /** Values waiting to make a block of the next level. */
  readonly four: number[];
  readonly window: SlidingMedian;
  readonly blocks: number[];
  count: number;
  readonly windows: number[];
  lowest: number;
  lowestAt: number;
  highest: number;
  /** Largest drawups in the order in which they grew: block and height. */
  readonly growth: { readonly block: number; readonly height: number }[];
  running: number;
  runningPeak: number;
  /** Drawups of the newest blocks: a rise that is just arriving must not teach what is usual. */
  readonly arriving: number[];
}

export interface RisePyramid {
  /**
   * Adds a record's value; gives the rise that has been standing for long enough, at most one. O(1) amortized. `ease` below 1
   * lowers the bar where something else makes a rise likely.
   */
  add(value: number, ease?: number): Rise | null;
  /** Begins anew at this level: after a rise that was told, or that was explained. */
  rebase(): void;
}

/**
 * Finds rises at every time scale at once. Level k holds blocks of 4^k records, each the mean of the middle two of four
 * blocks below (a remedian, Rousseeuw and Bassett 1990). The drawup is how far the median of the last blocks stands above
 * its lowest so far; the run's own largest drawup measures its noise, memory and cycles together.
 */
export function createRisePyramid(settings: RiseSettings): RisePyramid {
  const levels: PyramidLevel[] = [];
  let records = 0;

  function levelAt(k: number): PyramidLevel {
    let level = levels[k];
    if (level === undefined) {
      level = {
        four: [],
        window: createSlidingMedian(settings.window),
        blocks: [],
        count: 0,
        windows: [],
        lowest: Number.POSITIVE_INFINITY,
        lowestAt: 0,
        highest: 0,
        growth: [],
        running: 0,
        runningPeak: 0,
        arriving: [],
      };
      levels[k] = level;
    }
    return level;
  }

  function addBlock(k: number, value: number, ease: number): Rise | null {
    const level = levelAt(k);
    level.count++;
    level.window.add(value);
    remember(level.blocks, value);
    const found = judge(level, k, ease);
    if (k + 1 >= settings.levels) {
      return found;
    }
    level.four.push(value);
    if (level.four.length < 4) {
      return found;
    }
    const [, second = 0, third = 0] = level.four.splice(0).sort((a, b) => a - b);
    const above = addBlock(k + 1, (second + third) / 2, ease);
    return found ?? above;
  }

  function judge(level: PyramidLevel, k: number, ease: number): Rise | null {
    const { window } = settings;
    if (level.blocks.length < window) {
      return null;
    }
    const now = level.window.median();
    remember(level.windows, now);
    if (now < level.lowest) {
      level.lowest = now;
      level.lowestAt = records;
    }
    const drawup = now - level.lowest;
    if (level.count < settings.fewestBlocks || !exceeds(level, drawup, ease)) {
      level.arriving.push(Math.max(drawup, level.runningPeak));
      if (level.arriving.length > window) {
        grow(level, level.arriving.shift() ?? 0);
      }
      level.running = 0;
      level.runningPeak = 0;
      return null;
    }
    level.running++;
    level.runningPeak = Math.max(level.runningPeak, drawup);
    if (level.running < Math.max(3, window / 2)) {
      return null;
    }
    return { lowestAt: level.lowestAt, alarmAt: records, from: level.lowest, to: now, level: k, window };
  }

  function grow(level: PyramidLevel, height: number): void {
    if (height > level.highest) {
      level.highest = height;
      const last = level.growth[level.growth.length - 1];
      // Steps of a twentieth are fine enough, and keep the list short.
      if (last === undefined || height > last.height * 1.05) {
        level.growth.push({ block: level.count, height });
      } else {
        level.growth[level.growth.length - 1] = { block: last.block, height };
      }
    }
  }

  function exceeds(level: PyramidLevel, drawup: number, ease: number): boolean {
    if (drawup <= settings.effect) {
      return false;
    }
    let limit = settings.drawups * level.highest;
    if (level.count >= earlyBlocks) {
      const until = earlyShare * level.count;
      let early = 0;
      for (const { block, height } of level.growth) {
        if (block > until) {
          break;
        }
        early = height;
      }
      limit = Math.min(limit, settings.earlyDrawups * early);
    }
    return drawup > ease * limit && drawup > ease * settings.spreads * spreadOf(level, settings.window);
  }

  return {
    add(value, ease = 1) {
      const found = addBlock(0, value, ease);
      records++;
      return found;
    },
    rebase() {
      for (const level of levels) {
        level.lowest = Number.POSITIVE_INFINITY;
        level.windows.length = 0;
        level.running = 0;
        level.runningPeak = 0;
      }
    },
  };
}

/** Keeps the newest values; older ones go in bulk, which is cheaper than one by one. */
function remember(values: number[], value: number): void {
  values.push(value);
  if (values.length >= 2 * memory) {
    values.splice(0, memory);
  }
}

/**
 * The larger of the 75th percentile of upward changes over one window (the latest window left out) and the spread of
 * differences between blocks, larger while few are known. Downward changes do not count: a steep fall that flattens would
 * hide the next rise.
 */
function spreadOf(level: PyramidLevel, window: number): number {
  const rises: number[] = [];
  for (let i = Math.max(window, level.windows.length - memory); i < level.windows.length - window; i++) {
    const change = (level.windows[i] ?? 0) - (level.windows[i - window] ?? 0);
    if (change > 0) {
      rises.push(change);
    }
  }
  rises.sort((a, b) => a - b);
  const upward = rises[Math.floor(0.75 * rises.length)] ?? 0;
  const steps: number[] = [];
  for (let i = Math.max(1, level.blocks.length - memory); i < level.blocks.length - window; i++) {
    steps.push((level.blocks[i] ?? 0) - (level.blocks[i - 1] ?? 0));
  }
  const middle = medianOf(steps);
  const blocks = steps.length === 0 ? 0 : 1.4826 * medianOf(steps.map((step) => Math.abs(step - middle)));
  return Math.max(upward, blocks) * (1 + 6 / level.count);
}
