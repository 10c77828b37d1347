import type { Verdict } from "../detectors/verdict.ts";
import type { Run, Series, SeriesRole } from "../runs/run.ts";

/** What the other columns of a run did where a verdict begins. */
export interface RunEvidence {
  /** Largest gradient norm about the onset over its median before it; null when too little is logged. */
  readonly gradientRatio: number | null;
  /** Step of that norm, and the norm itself. */
  readonly gradientStep: number | null;
  readonly gradientPeak: number | null;
  /** The learning rate just before and just after the onset; null when it is not logged. */
  readonly rates: readonly [number, number] | null;
  /** The learning rate stepped within a few records of the onset. */
  readonly rateStepped: boolean;
  /** The rate rose steadily up to the onset. */
  readonly rateRising: boolean;
  /** Largest loss in the records before the onset over their median. */
  readonly lossRatioBefore: number | null;
  /** The log says which samples a batch holds, by number or by name. */
  readonly namesBatches: boolean;
  /** The log shows what Adam divides by: its RMS, or updates beside weights. */
  readonly showsAdamState: boolean;
  /** The loss scale of a mixed-precision run is logged. */
  readonly hasLossScale: boolean;
  /** A restart or resume stands within a few records before the onset. */
  readonly restartStep: number | null;
  /** The verdict begins with the run itself. */
  readonly fromStart: boolean;
  /** What the verdict's series holds at the record that decided it; NaN where the run has no such series. */
  readonly value: number;
}

/** Records before the onset that make "before", and those about it that count as "at the same place". */
const before = 64;
const about = 4;
/** A change of the rate by more than a fifth is a step; the same as the detectors' change point. */
const rateStep = 0.2;

/**
 * Reads the neighbourhood of a verdict's onset in its run. To be called at the record that decided the verdict: what comes
 * later must not change what was said.
 */
export function evidenceAt(verdict: Verdict, run: Run): RunEvidence {
  const onset = verdict.onsetStep;
  const gradient = largestAbout(firstOf(run, "grad-norm"), onset);
  const rate = firstOf(run, "learning-rate");
  const rates = rate === null ? null : ratesAbout(rate, onset);
  const loss = run.series.get(verdict.series) ?? null;
  const restart = run.events
    .filter(({ kind, step }) => (kind === "restart" || kind === "resume") && step <= onset)
    .at(-1);
  const near = restart !== undefined && loss !== null && recordsBetween(loss, restart.step, onset) <= about;
  return {
    gradientRatio: gradient?.ratio ?? null,
    gradientStep: gradient?.step ?? null,
    gradientPeak: gradient?.peak ?? null,
    rates,
    rateStepped: rates !== null && rates[0] > 0 && rates[1] > 0 && Math.abs(Math.log(rates[1] / rates[0])) > rateStep,
    rateRising: rate !== null && isRising(rate, onset),
    lossRatioBefore: loss === null ? null : ratioBefore(loss, onset),
    namesBatches: someName(
      run,
      /(^|\W|_)(batch(_?(idx|index|id|num))?|sample_?ids?|(file|image)_?(names?|paths?|ids?))$/i,
    ),
    showsAdamState: firstOf(run, "update-ratio") !== null || someName(run, /adam_?rms|(^|\W)rms_?t$/i),
    hasLossScale: firstOf(run, "loss-scale") !== null,
    fromStart: loss !== null && onset <= (loss.steps[0] ?? Number.NaN),
    value: loss?.values[loss.length - 1] ?? Number.NaN,
    restartStep: near && restart !== undefined ? restart.step : null,
  };
}

function someName(run: Run, pattern: RegExp): boolean {
  return [...run.series.keys()].some((name) => pattern.test(name));
}

function firstOf(run: Run, role: SeriesRole): Series | null {
  for (const series of run.series.values()) {
    if (series.role === role && series.length > 0) {
      return series;
    }
  }
  return null;
}

/** Position of the first point at or behind the step in the newest branch that reaches it. */
function positionOf(series: Series, step: number): number {
  let at = series.length;
  for (let i = series.length - 1; i >= 0 && (series.steps[i] ?? 0) >= step; i--) {
    at = i;
  }
  return at;
}

function recordsBetween(series: Series, from: number, to: number): number {
  return Math.abs(positionOf(series, to) - positionOf(series, from));
}

function finiteValues(series: Series, from: number, to: number): number[] {
  return Array.from(series.values.subarray(Math.max(0, from), Math.max(0, Math.min(series.length, to)))).filter(
    (value) => Number.isFinite(value),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >>> 1] ?? Number.NaN;
}

function largestAbout(series: Series | null, onset: number): { ratio: number; step: number; peak: number } | null {
  if (series === null) {
    return null;
  }
  const at = positionOf(series, onset);
  const usual = median(finiteValues(series, at - about - before, at - about));
  if (!(usual > 0)) {
    return null;
  }
  let found: { ratio: number; step: number; peak: number } | null = null;
  for (let i = Math.max(0, at - about); i < Math.min(series.length, at + 2); i++) {
    const value = series.values[i] ?? Number.NaN;
    if (Number.isFinite(value) && (found === null || value / usual > found.ratio)) {
      found = { ratio: value / usual, step: series.steps[i] ?? onset, peak: value };
    }
  }
  return found;
}

function ratesAbout(series: Series, onset: number): readonly [number, number] | null {
  const at = positionOf(series, onset);
  const earlier = series.values[Math.max(0, at - about)];
  const later = series.values[Math.min(series.length - 1, at + 1)];
  return earlier === undefined || later === undefined ? null : [earlier, later];
}

function isRising(series: Series, onset: number): boolean {
  const at = positionOf(series, onset);
  const values = finiteValues(series, at - 4 * about, at + 1);
  const first = values[0];
  const last = values[values.length - 1];
  return values.length >= about && first !== undefined && last !== undefined && last > first * 1.02;
}

function ratioBefore(series: Series, onset: number): number | null {
  const at = positionOf(series, onset);
  const values = finiteValues(series, at - 16, at);
  const usual = median(values);
  return values.length < 4 || !(usual > 0) ? null : Math.max(...values.slice(-4)) / usual;
}
