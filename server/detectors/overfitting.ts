import { numberWords, stepWords } from "./numberWords.ts";
import { createSlidingMedian, medianOf } from "./slidingMedian.ts";
import type { Detector, DetectorKind, DetectorSettings } from "./verdict.ts";

/** Training losses whose median is its level. */
const trainWindow = 9;
/** Evaluations behind the lowest one. */
const fewest = 6;
/** Evaluations after the lowest that are looked at. */
const looked = 24;
/** They must rise: Spearman's rank correlation with time, and by this share of the lowest. */
const correlation = 0.7;
const rise = 0.05;
/** And by this many spreads (1.4826 MAD) of the differences between neighbours. */
const spreads = 3;
/** Training loss has gone on falling to this share of what it was at the lowest evaluation. */
const trainFallen = 0.9;

/** Validation loss rises while training loss goes on falling. */
export const overfitting: DetectorKind = { kind: "overfitting", create: createOverfitting };

function createOverfitting({ context, losses }: DetectorSettings): Detector {
  let train: number[] = [];
  const level = (): number => medianOf(train.slice(-trainWindow));
  const differences = createSlidingMedian(32);
  let trainSeries: string | null = null;
  let series: string | null = null;
  let lowest = Number.POSITIVE_INFINITY;
  let lowestStep = 0;
  let trainAtLowest = Number.NaN;
  let before: readonly [number, number] = [0, 0];
  let after: number[] = [];
  let since = 0;
  let previous = Number.NaN;
  let previousStep = Number.NaN;
  let evaluations = 0;
  let awaitsTrain = false;
  let grew = false;
  let said = false;

  function begin(): void {
    lowest = Number.POSITIVE_INFINITY;
    after = [];
    since = 0;
    evaluations = 0;
    previous = Number.NaN;
    grew = false;
    said = false;
  }

  return {
    observe(observation) {
      const { role, value, step } = observation;
      if (role === "train-loss") {
        trainSeries ??= observation.series;
        if (trainSeries === observation.series && Number.isFinite(value)) {
          train.push(value);
          if (train.length === 4 * trainWindow) {
            train = train.slice(-trainWindow);
          }
          if (awaitsTrain) {
            awaitsTrain = false;
            trainAtLowest = level();
          }
        }
        return [];
      }
      if (role !== "val-loss") {
        return [];
      }
      series ??= observation.series;
      if (series !== observation.series || said || !Number.isFinite(value) || context.levelsMeanNothing) {
        return [];
      }
      evaluations++;
      if (evaluations > 1) {
        differences.add(Math.abs(value - previous));
      }
      if (value < lowest) {
        before = [Number.isNaN(previousStep) ? step : previousStep, step];
        lowest = value;
        lowestStep = step;
        trainAtLowest = level();
        awaitsTrain = train.length === 0;
        after = [];
        since = 0;
      } else {
        after.push(value);
        since++;
        if (after.length > looked) {
          after.shift();
        }
        if (since === 1) {
          before = [before[0], step];
        }
      }
      previous = value;
      previousStep = step;
      if (since < fewest || grew || !(lowest > 0)) {
        return [];
      }
      const now = medianOf(after.slice(-3));
      const trainNow = level();
      const spread = 1.4826 * differences.median();
      const fits =
        now > lowest * (1 + rise) &&
        now - lowest > spreads * spread &&
        trainNow < trainFallen * trainAtLowest &&
        risesWithTime(after) > correlation;
      if (!fits) {
        return [];
      }
      said = true;
      return [
        {
          kind: "overfitting",
          series: observation.series,
          onsetStep: lowestStep,
          onsetRange: before,
          detectedStep: step,
          confidence: Math.min(0.95, 0.75 + 0.5 * (now / lowest - 1)),
          evidence: [
            `${observation.series} was lowest at step ${stepWords(lowestStep)} (${numberWords(lowest)}) and has risen to ${numberWords(now)} over ${since} evaluations`,
            `${trainSeries ?? "training loss"} has fallen from ${numberWords(trainAtLowest)} to ${numberWords(trainNow)} meanwhile`,
          ],
        },
      ];
    },
    heard(verdict) {
      // Where training loss rises too it is a problem of optimization or data.
      grew = grew || verdict.kind === "loss-growth" || verdict.kind === "non-finite";
      return [];
    },
    restart: begin,
    silentBecause() {
      if (!losses.any) {
        return "no training loss is logged beside the validation loss";
      }
      if (series === null) {
        return "no validation loss is logged: evaluate on held-out data once an epoch";
      }
      return said || evaluations > fewest
        ? null
        : `only ${evaluations} evaluations: overfitting cannot be told from noise`;
    },
  };
}

/** Spearman's rank correlation of the values with their order; ties keep their order's middle. */
function risesWithTime(values: readonly number[]): number {
  const n = values.length;
  const order = values.map((value, i) => ({ value, i })).sort((a, b) => a.value - b.value || a.i - b.i);
  let sum = 0;
  order.forEach(({ i }, rank) => {
    sum += (rank - i) ** 2;
  });
  return 1 - (6 * sum) / (n * (n * n - 1));
}
