import { createCurveHistory } from "./curveHistory.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import { fitOnset, type Onset } from "./onsetFit.ts";
import { createRisePyramid, denseRise, type Rise, sparseRise } from "./risePyramid.ts";
import { createRunContext, type RunContext } from "./runContext.ts";
import { createSlidingMedian } from "./slidingMedian.ts";
import type { Detector, DetectorKind, Observation, Verdict } from "./verdict.ts";

/** Longer logs have the dense pyramid, whose 32 blocks are full by then at several levels. */
const sparseUpTo = 100;
/** A jump is named only after this many records, or this share of those before it: a spike comes back, a shift stays flat. */
const shortestWait = 16;
const waitShare = 0.2;
/** A rise is over when the level is back within this share of it. */
const closed = 0.25;
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

/** After a healthy time training loss rises and stays up. */
export const lossGrowth: DetectorKind = { kind: "loss-growth", create: createLossGrowth };

function createLossGrowth(): Detector {
  const context = createRunContext();
  let watches = new Map<string, Watch & { readonly logScale: boolean }>();
  let most = 0;
  let anyLoss = false;
  let begun = 0;

  return {
    observe(observation) {
      context.observe(observation);
      if (observation.role !== "train-loss") {
        return [];
      }
      anyLoss = true;
      if (!Number.isFinite(observation.value) || context.levelsMeanNothing || context.nonFinite) {
        return [];
      }
      let watch = watches.get(observation.series);
      if (watch === undefined || (watch.logScale && observation.value <= 0)) {
        // A loss at or below 0 has no logarithm: from its first such value on it is judged as it is, with what is learned anew.
        const logScale = watch === undefined && observation.value > 0;
        watch = { logScale, ...createWatch(logScale, context) };
        watches.set(observation.series, watch);
        begun = observation.index;
      }
      most = Math.max(most, observation.index + 1 - begun);
      const said = watch.observe(observation);
      return said === null ? [] : [said];
    },
    restart() {
      context.restart();
      watches = new Map();
      most = 0;
    },
    silentBecause() {
      if (!anyLoss) {
        return "no training loss is logged";
      }
      if (context.levelsMeanNothing) {
        return "reward or adversarial losses are logged: their level says nothing";
      }
      return most < sparseRise.fewestBlocks ? "too few records to judge a rise" : null;
    },
  };
}

interface Watch {
  observe(observation: Observation): Verdict | null;
}

interface Episode {
  readonly rise: Rise;
  readonly onset: Onset;
  readonly from: number;
  readonly to: number;
  /** Record at which a jump is named; -1 when the episode has been told or explained. */
  readonly waitUntil: number;
}

function createWatch(logScale: boolean, context: RunContext): Watch {
  const pyramid = createRisePyramid(denseRise);
  const sparse = createRisePyramid(sparseRise);
  const history = createCurveHistory();
  const recent = createSlidingMedian(8);
  let episode: Episode | null = null;
  let first = Number.NaN;
  let firstStep = 0;
  let rises = 0;
  let before = Number.NaN;
  /** The run diverged from its start: there is no healthy time that a rise could end. */
  let diverged = false;
  let told = 0;
  let farthest = 0;
  let closedAt = 0;

  function observe(observation: Observation): Verdict | null {
    const { value, step, index } = observation;
    const seen = logScale ? Math.log(value) : value;
    const record = history.count;
    history.add(step, seen);
    recent.add(seen);
    const fromStart = logScale ? observeStart(observation, record) : null;
    const rise = pyramid.add(seen);
    const few = record < sparseUpTo ? sparse.add(seen) : null;
    if (fromStart !== null) {
      return fromStart;
    }
    if (diverged && episode === null) {
      return null;
    }
    if (episode !== null) {
      return follow(episode, observation, record);
    }
    const found = rise ?? few;
    if (found === null || context.quiet(index, value)) {
      return null;
    }
    return open(found, observation, record);
  }

  function open(rise: Rise, observation: Observation, record: number): Verdict | null {
    const onset = fitOnset(history.since(Math.max(0, rise.lowestAt - lead)));
    const onsetIndex = observation.index - (record - onset.record);
    const runsAway = context.rateChangedNear(onsetIndex) || context.gradientRise > gradientRunsAway;
    const waits = onset.jump && !runsAway;
    const explained = context.stageNear(onsetIndex);
    const waitUntil = waits && !explained ? onset.record + Math.max(shortestWait, waitShare * onset.record) : -1;
    episode = { rise, onset, from: rise.from, to: rise.to, waitUntil };
    return explained || waits ? null : news(episode, observation);
  }

  function follow(current: Episode, observation: Observation, record: number): Verdict | null {
    const level = recent.median();
    const highest = Math.max(current.to, level);
    if (level - current.from < closed * (current.to - current.from)) {
      close(record);
      return null;
    }
    episode = { ...current, to: highest };
    if (current.waitUntil < 0 || record < current.waitUntil) {
      return null;
    }
    episode = { ...episode, waitUntil: -1 };
    const since = history.since(current.onset.record).values;
    const third = Math.max(3, Math.floor(since.length / 3));
    const early = medianSlice(since, 0, third);
    const late = medianSlice(since, since.length - third, since.length);
    const rising = late - early > Math.max(denseRise.effect, stillRising * (current.to - current.from));
    return rising ? news(episode, observation) : null;
  }

  function close(record: number): void {
    if (episode !== null) {
      farthest = Math.max(farthest, episode.to - episode.from);
    }
    closedAt = record;
    episode = null;
    pyramid.rebase();
    sparse.rebase();
  }

  /** A rise that begins before an earlier one was over belongs to that one. */
  function news(current: Episode, observation: Observation): Verdict | null {
    const { onset, from, to } = current;
    if (told > 0 && (onset.record < closedAt || (told >= mostTold && to - from <= farther * farthest))) {
      return null;
    }
    told++;
    return tell(current, observation);
  }

  function tell(current: Episode, { series, step }: Observation): Verdict {
    const { onset, from } = current;
    const level = recent.median();
    const was = logScale ? Math.exp(from) : from;
    const is = logScale ? Math.exp(level) : level;
    const evidence = [
      `${series} ${numberWords(was)} → ${numberWords(is)} over ${stepWords(step - onset.step)} steps`,
      logScale
        ? `it stands ${timesWords(Math.exp(level - from))} above its lowest level, more than it has risen before`
        : "it has not risen as far before",
    ];
    if (onset.range[1] > onset.range[0]) {
      evidence.push(`the rise begins between step ${stepWords(onset.range[0])} and ${stepWords(onset.range[1])}`);
    }
    return {
      kind: "loss-growth",
      series,
      onsetStep: onset.step,
      onsetRange: onset.range,
      detectedStep: step,
      confidence: Math.min(
        0.97,
        0.7 + 0.15 * Math.min(1.8, Math.abs(level - from) / (logScale ? 1 : Math.abs(from) + 1)),
      ),
      evidence,
    };
  }

  function observeStart({ series, step, value }: Observation, record: number): Verdict | null {
    if (record === 0) {
      first = value;
      firstStep = step;
    }
    rises = value > before ? rises + 1 : 0;
    before = value;
    if (diverged || record >= startRecords || rises < startRises || !(value > startFactor * first)) {
      return null;
    }
    diverged = true;
    return {
      kind: "loss-growth",
      series,
      onsetStep: firstStep,
      onsetRange: [firstStep, step],
      detectedStep: step,
      confidence: 0.9,
      evidence: [
        `${series} ${numberWords(first)} → ${numberWords(value)} in the first ${record + 1} records`,
        "it never fell: the run diverges from its start",
      ],
    };
  }

  return { observe };
}

function medianSlice(values: readonly number[], from: number, to: number): number {
  const sorted = values.slice(from, to).sort((a, b) => a - b);
  return sorted[sorted.length >>> 1] ?? Number.NaN;
}
