import type { RunEvent } from "../runs/run.ts";
import { createSlidingMedian } from "./slidingMedian.ts";
import type { Observation, Verdict } from "./verdict.ts";

/** Records after a stage's beginning in which loss may jump for good reason. */
const stageQuiet = 16;
/** A learning-rate step is a change point when |Δ log rate| exceeds this and six times its usual size. */
const rateStep = 0.2;
const rateSteps = 6;
/** Records between a change of the rate and what it caused. */
const rateNear = 3;
/** A rise by more than half to above a fifth of the highest rate is a restart of the schedule. */
const restartRise = 1.5;
const restartShare = 0.2;
/** A restart returns to rates that were used before; far above them is new ground, where a rise counts at once. */
const knownRate = 1.5;
/** A rate that has been logged this often and has not risen is settled: what comes then is a step, not warm-up. */
const settledRates = 8;
/** The shortest quiet time after a restart, as a share of the records so far. */
const shortestCycle = 0.1;

/** Records after a resume in which a jump is the resume's. */
const resumeNear = 4;
/** A restart to within this share of the steps so far begins from the start. */
const anewShare = 0.1;
/** Changes of the rate that are remembered. */
const mostChanges = 32;

/** Evaluations that are remembered. */
const mostEvaluations = 64;

const stageName = /(?:^|[/_ ])(stage|phase|task|curriculum)$/i;
const gameName = /(?:^|[/_ .-])(?:g|d|gen|disc|generator|discriminator|actor|critic|policy|value|vf|q)(?:[/_ .-]|$)/i;
const rewardName = /(?:^|[/_ .-])(?:rewards?|returns?|episode_reward|ep_rew_mean|ep_return)(?:[/_ .-]|$)/i;

/**
 * What else goes on in a run while a detector looks at its loss: the learning rate, gradients, stages, restarts. It must see
 * every observation. Sources of the constants: measured on simulated and real curves; see the tests' false-alarm figures.
 */
export interface RunContext {
  observe(observation: Observation): void;
  restart(step: number): void;
  event(event: RunEvent): void;
  /** A detector has said this. */
  told(verdict: Verdict): void;
  /** Reward or return is logged, or losses of players against each other: the level of a loss means nothing. */
  readonly levelsMeanNothing: boolean;
  /** A stage began within the last records, or the learning-rate schedule restarted within its last cycle. */
  quiet(index: number, value: number): boolean;
  /** A stage began near this record of the loss. */
  stageNear(index: number): boolean;
  /** The learning rate changed by a step near this record of the loss, or has been rising up to now. */
  rateChangedNear(index: number): boolean;
  /** The gradient norm's latest value over its recent median, as a logarithm; NaN when it is not logged. */
  readonly gradientJump: number;
  /** The gradient norm's recent median over the lowest such median, as a logarithm; NaN when it is not logged. */
  readonly gradientRise: number;
  /** A loss has been NaN or infinite, or the loss scale has collapsed: what follows is its consequence. */
  readonly nonFinite: boolean;
  readonly hasRate: boolean;
  /** The learning rate has risen at each of its last records. */
  readonly rateRising: boolean;
  /** The loss's latest value over its recent median, as a logarithm; NaN for losses at or below 0. */
  readonly lossJump: number;
  /** The learning rate now; NaN when it is not logged. */
  readonly rate: number;
  /** The step upwards of the learning rate about this step of the run, or null. */
  rateRaise(step: number): RateChange | null;
  /** The latest step upwards of the learning rate. */
  readonly latestRaise: RateChange | null;
  /**
   * How far the validation loss has risen (logarithm) from its last value before this step to its newest one behind it; NaN
   * where none was evaluated since, or none before. Held-out data stays the same: what rises there is the model's doing.
   */
  validationRise(step: number): number;
  /** The latest step downwards of the learning rate. */
  readonly rateCut: RateChange | null;
  /** The run was resumed, or its steps went back, within a few records before this record of the loss. */
  resumedNear(index: number): boolean;
  /** Position of the newest training loss. */
  readonly lossIndex: number;
}

export interface RateChange {
  readonly step: number;
  /** Position of the newest training loss by then. */
  readonly index: number;
  readonly from: number;
  readonly to: number;
  /** To a rate that the run has not known before. */
  readonly newGround: boolean;
}

export function createRunContext(): RunContext {
  const stages = new Map<string, number>();
  const rateSizes = createSlidingMedian(16);
  const gradients = createSlidingMedian(16);
  let lossIndex = 0;
  let stageAt = Number.NEGATIVE_INFINITY;
  let game = false;
  let rateSeries: string | null = null;
  let rate = Number.NaN;
  let highestRate = 0;
  let rateChangedAt = Number.NEGATIVE_INFINITY;
  let risingRates = 0;
  let restartedAt = Number.NEGATIVE_INFINITY;
  let quietUntil = Number.NEGATIVE_INFINITY;
  let startLevel = Number.NaN;
  let gradientSeries: string | null = null;
  let jump = Number.NaN;
  let lowestGradient = Number.POSITIVE_INFINITY;
  let nonFinite = false;
  const lossLevel = createSlidingMedian(16);
  let lossRise = Number.NaN;
  let resumedAt = Number.NEGATIVE_INFINITY;
  let lossStep = Number.NaN;
  let firstStep = Number.NaN;
  let stride = 0;
  let raises: RateChange[] = [];
  let cut: RateChange | null = null;
  const seen = new Set<string>();
  let validation: string | null = null;
  let evaluations: { readonly step: number; readonly value: number }[] = [];

  function noteChange(step: number, from: number, to: number): void {
    rateChangedAt = lossIndex + 1;
    const change = {
      step,
      index: lossIndex + 1,
      from,
      to,
      newGround: to > knownRate * highestRate && risingRates === 0 && rateSizes.count >= settledRates,
    };
    if (to < from) {
      cut = change;
      return;
    }
    raises.push(change);
    if (raises.length > mostChanges) {
      raises = raises.slice(mostChanges / 2);
    }
  }

  function observeRate(step: number, value: number): void {
    if (!(value > 0)) {
      return;
    }
    if (rate > 0) {
      const size = Math.log(value / rate);
      const usual = rateSizes.median();
      if (Math.abs(size) > Math.max(rateStep, rateSteps * (Number.isNaN(usual) ? 0 : usual))) {
        noteChange(step, rate, value);
      }
      risingRates = size > 0 ? risingRates + 1 : size < 0 ? 0 : risingRates;
      if (size > Math.log(restartRise) && value > restartShare * highestRate && value < knownRate * highestRate) {
        const cycle = Number.isFinite(restartedAt) ? lossIndex - restartedAt : lossIndex;
        restartedAt = lossIndex;
        quietUntil = lossIndex + Math.max(cycle, shortestCycle * lossIndex);
      }
      rateSizes.add(Math.abs(size));
    }
    rate = value;
    highestRate = Math.max(highestRate, value);
  }

  function observeGradient(value: number): void {
    if (!(value > 0) || !Number.isFinite(value)) {
      jump = Number.isNaN(value) || value === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Number.NaN;
      return;
    }
    const before = gradients.count >= 8 ? gradients.median() : Number.NaN;
    jump = Math.log(value / before);
    gradients.add(value);
    if (gradients.count >= 16) {
      lowestGradient = Math.min(lowestGradient, gradients.median());
    }
  }

  return {
    observe({ series, role, step, value, index }) {
      if (!seen.has(series)) {
        seen.add(series);
        game = game || (/loss/i.test(series) && gameName.test(series)) || rewardName.test(series);
      }
      if (role === "learning-rate") {
        rateSeries ??= series;
        if (series === rateSeries) {
          observeRate(step, value);
        }
      } else if (role === "grad-norm") {
        gradientSeries ??= series;
        if (series === gradientSeries) {
          observeGradient(value);
        }
      } else if (role === "train-loss") {
        lossIndex = index;
        if (Number.isNaN(firstStep)) {
          firstStep = step;
        }
        if (step > lossStep) {
          stride = step - lossStep;
        }
        lossStep = step;
        if (gradientSeries !== null && value > 0 && Number.isFinite(value)) {
          lossRise = Math.log(value / lossLevel.median());
          lossLevel.add(value);
        }
        nonFinite = nonFinite || !Number.isFinite(value);
        if (Number.isNaN(startLevel)) {
          startLevel = value;
        }
      } else if (role === "val-loss") {
        validation ??= series;
        if (series === validation && value > 0) {
          evaluations.push({ step, value });
          if (evaluations.length > mostEvaluations) {
            evaluations = evaluations.slice(mostEvaluations / 2);
          }
        }
      } else if (role === "other" && stageName.test(series)) {
        const before = stages.get(series);
        if (before !== undefined && before !== value) {
          stageAt = lossIndex;
        }
        stages.set(series, value);
      }
    },
    restart(step) {
      // Back to the start of its axis is another run in the same file.
      const anew = step <= firstStep + anewShare * (lossStep - firstStep);
      resumedAt = anew ? Number.NEGATIVE_INFINITY : lossIndex + 1;
      raises = [];
      cut = null;
      stageAt = Number.NEGATIVE_INFINITY;
      quietUntil = Number.NEGATIVE_INFINITY;
      restartedAt = Number.NEGATIVE_INFINITY;
      rate = Number.NaN;
      nonFinite = false;
    },
    event(event) {
      if (event.kind === "resume") {
        resumedAt = lossIndex + 1;
      } else if (event.kind === "stage") {
        stageAt = lossIndex + 1;
      }
    },
    told(verdict) {
      nonFinite = nonFinite || verdict.kind === "loss-scale-collapse";
    },
    get levelsMeanNothing() {
      return game;
    },
    quiet(index, value) {
      if (index - stageAt <= stageQuiet) {
        return true;
      }
      // Compared with the start and not with progress: a slow learner loses half its progress at each healthy restart.
      const worseThanStart = startLevel > 0 && value > startLevel * Math.exp(0.3);
      return index <= quietUntil && !worseThanStart;
    },
    stageNear: (index) => Math.abs(index - stageAt) <= stageQuiet,
    rateChangedNear: (index) => Math.abs(index - rateChangedAt) <= rateNear || risingRates >= rateNear,
    get gradientJump() {
      return jump;
    },
    get gradientRise() {
      return Number.isFinite(lowestGradient) ? Math.log(gradients.median() / lowestGradient) : Number.NaN;
    },
    get nonFinite() {
      return nonFinite;
    },
    get hasRate() {
      return rateSeries !== null;
    },
    get rateRising() {
      return risingRates >= rateNear;
    },
    get lossJump() {
      return lossRise;
    },
    get rate() {
      return rate;
    },
    rateRaise(step) {
      const reach = (rateNear + 1) * stride;
      return raises.findLast((change) => Math.abs(change.step - step) <= reach) ?? null;
    },
    get latestRaise() {
      return raises[raises.length - 1] ?? null;
    },
    validationRise(step) {
      const before = evaluations.findLast((each) => each.step < step);
      const after = evaluations[evaluations.length - 1];
      return before === undefined || after === undefined || after.step <= step
        ? Number.NaN
        : Math.log(after.value / before.value);
    },
    get rateCut() {
      return cut;
    },
    resumedNear: (index) => index >= resumedAt - 1 && index - resumedAt <= resumeNear,
    get lossIndex() {
      return lossIndex;
    },
  };
}
