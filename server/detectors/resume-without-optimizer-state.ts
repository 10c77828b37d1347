import { noTrainingLoss } from "./lossCurves.ts";
import { numberWords, stepWords, timesWords } from "./numberWords.ts";
import { medianOf } from "./slidingMedian.ts";
import type { Detector, DetectorKind, DetectorSettings, Verdict } from "./verdict.ts";

/** Records whose median is the level before the resume, and those after it in which a jump is its. */
const levelWindow = 16;
const remembered = 80;
const watched = 8;
/** A jump is at least a half more, and this many spreads (1.4826 MAD) of the residuals before. On the log scale. */
const smallestRise = Math.log(1.5);
const spreads = 8;
/** Records above that, or one above twice that. */
const needed = 2;
/** A run that begins anew from fresh weights goes back to about where it started: to more than half of its first loss. */
const freshShare = Math.log(0.5);

/** A jump of the training loss right at a restart: Adam's moments, or momentum, were not restored with the weights. */
export const resumeWithoutOptimizerState: DetectorKind = {
  kind: "resume-without-optimizer-state",
  create: createResume,
};

function createResume({ context, losses }: DetectorSettings): Detector {
  let recent: number[] = [];
  let first = Number.NaN;
  let series: string | null = null;
  let resumedIndex = -1;
  let base = Number.NaN;
  let limit = Number.NaN;
  let above = 0;
  let onset = Number.NaN;
  let peak = 0;
  let resumes = 0;
  let armedAt = Number.NEGATIVE_INFINITY;

  return {
    observe(observation) {
      const { role, value, step, index } = observation;
      if (role !== "train-loss" || !(value > 0) || !Number.isFinite(value) || context.levelsMeanNothing) {
        return [];
      }
      series ??= observation.series;
      if (series !== observation.series) {
        return [];
      }
      const seen = Math.log(value);
      if (Number.isNaN(first)) {
        first = seen;
      }
      if (context.resumedNear(index) && armedAt < index - watched && recent.length >= levelWindow) {
        resumes++;
        resumedIndex = index;
        armedAt = index;
        const before = recent.slice(-remembered);
        base = medianOf(before.slice(-levelWindow));
        limit = Math.max(smallestRise, spreads * spreadOf(before));
        above = 0;
        onset = step;
        peak = 0;
      }
      const rise = seen - base;
      if (resumedIndex >= 0 && index - resumedIndex < watched) {
        peak = Math.max(peak, rise);
        above += rise > limit ? 1 : 0;
        const fresh = first - base > smallestRise && seen > first + freshShare && index === resumedIndex;
        if (fresh) {
          resumedIndex = -1;
          base = Number.NaN;
          recent = [];
        } else if (above >= needed || rise > 2 * limit) {
          resumedIndex = -1;
          const said = verdictOf(observation.series, onset, step, Math.exp(base), Math.exp(base + peak));
          base = Number.NaN;
          return [said];
        }
        return [];
      }
      recent.push(seen);
      if (recent.length === 2 * remembered) {
        recent = recent.slice(remembered);
      }
      return [];
    },
    restart() {},
    silentBecause() {
      if (!losses.any) {
        return noTrainingLoss;
      }
      return resumes === 0 ? "the run was not resumed, as far as the log says" : null;
    },
  };
}

function verdictOf(series: string, onset: number, step: number, was: number, is: number): Verdict {
  return {
    kind: "resume-without-optimizer-state",
    series,
    onsetStep: onset,
    onsetRange: [onset, step],
    detectedStep: step,
    confidence: 0.85,
    evidence: [
      `${series} was ${numberWords(was)} before the run was resumed at step ${stepWords(onset)} and jumps to ${numberWords(is)}, ${timesWords(is / was)}`,
    ],
  };
}

/** 1.4826 MAD of what the values differ from the median of those before them. */
function spreadOf(values: readonly number[]): number {
  const residuals: number[] = [];
  for (let i = levelWindow; i < values.length; i++) {
    residuals.push(Math.abs((values[i] ?? 0) - medianOf(values.slice(i - levelWindow, i))));
  }
  return residuals.length === 0 ? 0 : 1.4826 * medianOf(residuals);
}
