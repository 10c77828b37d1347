import { type Burst, type BurstWatch, createBurstWatch } from "./burstWatch.ts";
import { createRiseEpisodes, type LossEpisode } from "./riseEpisodes.ts";
import type { RunContext } from "./runContext.ts";
import type { Observation } from "./verdict.ts";

/** Something that a training loss did at the latest record. Heights are in the view: logarithms when `logScale`. */
export type LossEvent =
  | { readonly type: "burst"; readonly burst: Burst; readonly logScale: boolean }
  | { readonly type: "growth" | "shift" | "spike" | "over"; readonly episode: LossEpisode }
  | { readonly type: "diverged"; readonly first: number; readonly firstStep: number; readonly records: number };

/** The training losses of a run, each looked at once, whatever number of detectors ask. */
export interface LossCurves {
  observe(observation: Observation): void;
  restart(): void;
  /** What happened at the latest observation. */
  readonly events: readonly LossEvent[];
  /** The burst that has begun in the latest series and is not over. */
  readonly openBurst: Burst | null;
  /** Records of the longest series so far, and whether any is logged. */
  readonly records: number;
  readonly any: boolean;
  /** A level of the loss has been judged, so that bursts can be. */
  readonly ready: boolean;
}

/** What a detector of the training loss says that has none. */
export const noTrainingLoss = "no training loss is logged: log it at every few steps";

/** Why no detector of the training loss's level can speak; null when one can. */
export function lossSilence({ any }: Pick<LossCurves, "any">, context: RunContext): string | null {
  if (!any) return noTrainingLoss;
  return context.levelsMeanNothing ? "reward or adversarial losses are logged: their level says nothing" : null;
}

/** A spike is at least a doubling: smaller ones change no training. On the log scale. */
const smallestRise = Math.log(2);
const spreads = 5;
/** The raw scale (losses at or below 0) shows heavy tails untamed. */
const rawSpreads = 15;
/**
 * Measured on simulated healthy runs of 20 to 3,000 records (test/detectors/healthyCurves.ts): at 1e-3 1.7 % of them get a
 * false alarm, at 1e-4 0.8 %, at 1e-5 0.3 %; of injected spikes of ten times the level over five records 90, 87, 82 % are found.
 */
const probability = 1e-4;
const jointProbability = 1e-2;
const levelWindow = 16;
/** Gradient norms that leave their median by this factor confirm a spike. */
const gradientConfirms = Math.log(10);
/** A run with more training losses than these logs one for each of many parts: the first ones are judged. */
const mostSeries = 4;

interface Watch {
  readonly logScale: boolean;
  readonly bursts: BurstWatch;
  readonly episodes: ReturnType<typeof createRiseEpisodes>;
}

export function createLossCurves(context: RunContext): LossCurves {
  let watches = new Map<string, Watch>();
  let events: LossEvent[] = [];
  let latest: Watch | null = null;
  let any = false;
  let records = 0;

  function watchFor({ series, value }: Observation): Watch | null {
    const watch = watches.get(series);
    if (watch !== undefined && (!watch.logScale || value > 0)) {
      return watch;
    }
    if (watch === undefined && watches.size >= mostSeries) {
      return null;
    }
    // A loss at or below 0 has no logarithm: from its first such value on it is judged as it is, with what is learned anew.
    const logScale = watch === undefined && value > 0;
    const made = {
      logScale,
      bursts: createBurstWatch(
        {
          smallestRise: logScale ? smallestRise : 0,
          spreads: logScale ? spreads : rawSpreads,
          probability,
          jointProbability,
          levelWindow,
        },
        {
          muted: (index, at) => context.quiet(index, at),
          confirmed: () => context.gradientJump > gradientConfirms,
        },
      ),
      episodes: createRiseEpisodes(logScale, context),
    };
    watches.set(series, made);
    return made;
  }

  return {
    observe(observation) {
      if (events.length > 0) {
        events = [];
      }
      if (observation.role !== "train-loss") {
        return;
      }
      any = true;
      records = Math.max(records, observation.index + 1);
      const { value } = observation;
      if (!Number.isFinite(value) || context.levelsMeanNothing || context.nonFinite) {
        return;
      }
      latest = watchFor(observation);
      if (latest === null) {
        return;
      }
      const { logScale, bursts, episodes } = latest;
      const seen = logScale ? Math.log(value) : value;
      const burst = bursts.add(seen, observation);
      if (burst !== null) {
        events.push({ type: "burst", burst, logScale });
      }
      const event = episodes.add(seen, observation, bursts.open ?? burst);
      if (event !== null) {
        events.push(event);
      }
    },
    restart() {
      watches = new Map();
      latest = null;
      events = [];
    },
    get events() {
      return events;
    },
    get openBurst() {
      return latest?.bursts.open ?? null;
    },
    get records() {
      return records;
    },
    get any() {
      return any;
    },
    get ready() {
      return [...watches.values()].some(({ bursts }) => bursts.ready);
    },
  };
}
