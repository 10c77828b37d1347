import type { Burst } from "./burstWatch.ts";
import { createCurveHistory } from "./curveHistory.ts";
import type { LossEvent } from "./lossCurves.ts";
import { fitOnset, type Onset } from "./onsetFit.ts";
import { createRisePyramid, denseRise, type Rise, sparseRise } from "./risePyramid.ts";
import type { RunContext } from "./runContext.ts";
import { createSlidingMedian } from "./slidingMedian.ts";
import type { Observation } from "./verdict.ts";

/** A time in which a training loss stands above where it was. */
export interface LossEpisode {
  readonly onset: Onset;
  /** Position of the onset in its series. */
  readonly onsetIndex: number;
  /** Lowest level before, highest since, and the level now, in the view. */
  readonly from: number;
  readonly to: number;
  readonly level: number;
  readonly logScale: boolean;
  /** What it was told as; null when it was not. */
  readonly told: "growth" | "shift" | "spike" | null;
}

/** Longer logs have the dense pyramid, whose 32 blocks are full by then at several levels. */
const sparseUpTo = 100;
/** A step upwards of the learning rate makes a rise likely for this many records, or this share of those before: half the bar. */
const raiseReach = 64;
const raiseShare = 0.1;
const easedByRate = 0.5;
/** A rise that begins this soon behind such a step begins with it. */
const raiseNear = 16;
/** A jump is named only after this many records, or this share of those before it: a spike comes back, a shift stays flat. */
const shortestWait = 16;
const waitShare = 0.2;
/** A rise is over when the level is back within this share of it. */
const closed = 0.25;
/** A jump that falls on by this share of what it keeps, not at half the pace of before, is coming back: it is looked at again. */
const stillFalling = 0.1;
const slower = 0.5;
const mostExtensions = 3;
/** A jump of which less than this is left has come back. */
const little = 0.1;
/** Validation loss that has risen by this share of the training loss's rise shows that the model is worse, not the data. */
const modelShare = 0.75;
/** Rising further after a jump means by this share of it. */
const stillRising = 0.1;
/** Divergence from the start: this many rises running, within so many records, to this many times the first value. */
const startRises = 4;
const startRecords = 24;
const startFactor = 20;
/** Gradients a hundredfold above their lowest median are running away: no waiting. */
const gradientRunsAway = Math.log(100);
/** Rises told one by one; a later one only when it goes half as far again as all before: more of the same is no news. */
const mostTold = 2;
const farther = 1.5;
/** Records of lead before the lowest level that the second look takes in. */
const lead = 16;
const sparseLead = 4;
/** Shorter jumps that come back are told as bursts. */
const longestBurst = 48;
/** A burst that begins within this many records of the fitted onset is its true beginning. */
const burstNear = 8;

type Event = Exclude<LossEvent, { readonly type: "burst" }>;

/** Follows one training loss through its rises: what each is, and when it is over. `logScale` says what `add` is given. */
export function createRiseEpisodes(
  logScale: boolean,
  context: RunContext,
): { add(seen: number, observation: Observation, burst: Burst | null): Event | null } {
  const pyramid = createRisePyramid(denseRise);
  const sparse = createRisePyramid(sparseRise);
  const history = createCurveHistory();
  const recent = createSlidingMedian(8);
  let episode: (LossEpisode & { readonly waitUntil: number; readonly extended: number }) | null = null;
  let first = Number.NaN;
  let firstStep = 0;
  let rises = 0;
  let before = Number.NaN;
  /** The run diverged from its start: there is no healthy time that a rise could end. */
  let diverged = false;
  let told = 0;
  let farthest = 0;
  let closedAt = 0;

  function add(seen: number, observation: Observation, burst: Burst | null): Event | null {
    const { value, step, index } = observation;
    const record = history.count;
    history.add(step, seen);
    recent.add(seen);
    if (record === 0) {
      first = value;
      firstStep = step;
    }
    const fromStart = logScale && record < startRecords ? observeStart(observation, record) : null;
    const raise = context.latestRaise;
    const recently = raise !== null && index - raise.index < Math.max(raiseReach, raiseShare * record);
    const ease = recently && raise.newGround ? easedByRate : 1;
    const rise = pyramid.add(seen, ease);
    const few = record < sparseUpTo ? sparse.add(seen, ease) : null;
    if (fromStart !== null) {
      return fromStart;
    }
    if (diverged && episode === null) {
      return null;
    }
    if (episode !== null) {
      return follow(episode, record);
    }
    const found = rise ?? few;
    return found === null || context.quiet(index, value) ? null : open(found, observation, record, burst);
  }

  function open(rise: Rise, observation: Observation, record: number, burst: Burst | null): Event | null {
    const fitted = fitOnset(
      history.since(Math.max(0, rise.lowestAt - (rise.window < denseRise.window ? sparseLead : lead))),
    );
    const shift = observation.index - record;
    const begun = burst !== null && Math.abs(burst.onsetIndex - shift - fitted.record) <= burstNear ? burst : null;
    const raise = context.latestRaise;
    const fittedIndex = begun?.onsetIndex ?? fitted.record + shift;
    const byRate = raise !== null && fittedIndex >= raise.index - 3 && fittedIndex - raise.index <= raiseNear;
    const onset: Onset = byRate
      ? {
          record: Math.min(raise.index, observation.index) - shift,
          step: raise.step,
          range: [raise.step, Math.max(raise.step, begun?.onsetStep ?? fitted.step)],
          jump: fitted.jump,
        }
      : begun === null
        ? fitted
        : {
            record: begun.onsetIndex - shift,
            step: begun.onsetStep,
            range: [begun.before, begun.onsetStep],
            jump: true,
          };
    const onsetIndex = onset.record + shift;
    const runsAway = byRate || context.rateChangedNear(onsetIndex) || context.gradientRise > gradientRunsAway;
    const waits = onset.jump && !runsAway;
    const explained = context.stageNear(onsetIndex);
    const waitUntil = waits && !explained ? onset.record + Math.max(shortestWait, waitShare * onset.record) : -1;
    episode = {
      onset,
      onsetIndex,
      from: rise.from,
      to: rise.to,
      level: rise.to,
      logScale,
      told: null,
      waitUntil,
      extended: 0,
    };
    return explained || waits ? null : news("growth");
  }

  function follow(current: NonNullable<typeof episode>, record: number): Event | null {
    const level = recent.median();
    const highest = Math.max(current.to, level);
    episode = { ...current, to: highest, level };
    if (level - current.from < closed * (highest - current.from)) {
      const event: Event = { type: "over", episode };
      const lasted = record - current.onset.record;
      const spike = current.told === null && current.onset.jump && current.waitUntil >= 0 && lasted > longestBurst;
      farthest = Math.max(farthest, highest - current.from);
      closedAt = record;
      episode = null;
      pyramid.rebase();
      sparse.rebase();
      if (spike && lasted < current.onset.record) {
        told++;
        return { type: "spike", episode: { ...current, to: highest, level, told: "spike" } };
      }
      return current.told === null ? null : event;
    }
    if (current.waitUntil < 0 || record < current.waitUntil) {
      return null;
    }
    episode = { ...episode, waitUntil: -1 };
    return name(episode, record);
  }

  /** A jump has had its time: it rises on, it stays, or it is still coming back and is given more. */
  function name(current: NonNullable<typeof episode>, record: number): Event | null {
    const since = history.since(current.onset.record).values;
    const third = Math.max(3, Math.floor(since.length / 3));
    const early = medianSlice(since, 0, third);
    const middle = medianSlice(since, third, 2 * third);
    const late = medianSlice(since, since.length - third, since.length);
    const before = medianSlice(history.since(Math.max(0, current.onset.record - 32)).values, 0, 32);
    const kept = late - before;
    const rising = late - early > Math.max(denseRise.effect, stillRising * (current.to - current.from));
    // Held-out data is the same as before: what has risen there too is the model.
    if (rising || context.validationRise(current.onset.step) > modelShare * kept) {
      return news("growth");
    }
    if (comesBack(early, middle, late, before)) {
      if (current.extended === mostExtensions) {
        return null;
      }
      const waitUntil = record + Math.max(shortestWait, waitShare * current.onset.record);
      episode = { ...current, waitUntil, extended: current.extended + 1 };
      return null;
    }
    return news(wonBack(Math.max(...since), late, before) ? "spike" : "shift");
  }

  /** What is left of the jump is little beside its height and beside all that the run has learned, on the raw scale. */
  function wonBack(...levels: readonly [number, number, number]): boolean {
    const [peak, late, before] = logScale ? (levels.map(Math.exp) as [number, number, number]) : levels;
    return late - before < little * (peak - before) && late - before < little * (first - before);
  }

  /** Levels in three thirds of the time since the jump, on the raw scale, where learning anew falls toward its floor. */
  function comesBack(...levels: readonly [number, number, number, number]): boolean {
    const [early, middle, late, before] = logScale
      ? (levels.map(Math.exp) as [number, number, number, number])
      : levels;
    const fall = middle - late;
    return fall > stillFalling * (late - before) && fall > slower * (early - middle);
  }

  /** A rise that begins before an earlier one was over belongs to that one. */
  function news(type: "growth" | "shift" | "spike"): Event | null {
    if (episode === null) {
      return null;
    }
    const { onset, from, to } = episode;
    if (told > 0 && (onset.record < closedAt || (told >= mostTold && to - from <= farther * farthest))) {
      return null;
    }
    told++;
    episode = { ...episode, told: type, level: recent.median() };
    return { type, episode };
  }

  function observeStart({ value }: Observation, record: number): Event | null {
    rises = value > before ? rises + 1 : 0;
    before = value;
    if (diverged || rises < startRises || !(value > startFactor * first)) {
      return null;
    }
    diverged = true;
    return { type: "diverged", first, firstStep, records: record + 1 };
  }

  return { add };
}

function medianSlice(values: readonly number[], from: number, to: number): number {
  const sorted = values.slice(Math.max(0, from), to).sort((a, b) => a - b);
  return sorted[sorted.length >>> 1] ?? Number.NaN;
}
