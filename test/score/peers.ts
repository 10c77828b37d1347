import type { VerdictKind } from "../../server/detectors/verdict.ts";
import type { Run, Series, SeriesRole } from "../../server/runs/run.ts";

/** An alarm of a published rule: it gives no onset, so that the record at which it fires stands for it. */
export interface Alarm {
  readonly kind: VerdictKind;
  readonly step: number;
  readonly record: number;
}

export interface Peer {
  readonly name: string;
  readonly alarmsOf: (run: Run) => Alarm[];
}

function first(run: Run, role: SeriesRole): Series | null {
  for (const series of run.series.values()) if (series.role === role && series.length > 0) return series;
  return null;
}

const valuesOf = (series: Series | null): number[] =>
  series === null ? [] : [...series.values.subarray(0, series.length)];

function alarm(kind: VerdictKind, series: Series | null, record: number): Alarm[] {
  return series === null || record < 0 ? [] : [{ kind, step: series.steps[record] ?? 0, record }];
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** trainproof 0.22.0, trainproof/rules.py and trainproof/epoch.py: rules over the whole log. */
function trainproof(run: Run): Alarm[] {
  const loss = first(run, "train-loss");
  const norm = first(run, "grad-norm");
  const val = first(run, "val-loss");
  const losses = valuesOf(loss);
  const norms = valuesOf(norm);
  const finite = losses.filter((value) => Number.isFinite(value));
  const last = losses.length - 1;
  const found = [
    ...alarm(
      "non-finite",
      loss,
      losses.findIndex((value) => !Number.isFinite(value)),
    ),
    ...alarm(
      "non-finite",
      norm,
      norms.findIndex((value) => !Number.isFinite(value)),
    ),
  ];
  const lowest = Math.min(...finite);
  if (finite.length > 0 && lowest > 0 && (finite[finite.length - 1] ?? 0) > 1.5 * lowest) {
    found.push(...alarm("loss-growth", loss, last));
  }
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const deviation = Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / finite.length);
  const start = median(finite.slice(0, 5));
  const dead = finite.length >= 10 && start > 0 && median(finite.slice(-5)) > 0.95 * start;
  if (dead || (finite.length > 1 && mean > 0 && deviation / mean < 0.001)) found.push(...alarm("plateau", loss, last));
  const usual = median(norms.filter((value) => Number.isFinite(value)));
  if (norms.length > 5 && usual > 0) {
    found.push(
      ...alarm(
        "grad-explosion-intermittent",
        norm,
        norms.findIndex((value) => value > 10 * usual),
      ),
    );
  }
  const held = valuesOf(val);
  const at = held.indexOf(Math.min(...held));
  if (val !== null && held.length >= 4 && held.length - at - 1 >= 3 && median(held.slice(-3)) > 1.2 * (held[at] ?? 0)) {
    const then = losses[loss?.steps.findIndex((step) => step >= (val.steps[at] ?? 0)) ?? 0] ?? Number.NaN;
    if ((finite[finite.length - 1] ?? 0) < then) found.push(...alarm("overfitting", val, held.length - 1));
  }
  return found;
}

/** ZClip (arXiv 2504.02507): z > 2.5 against exponential means, α 0.97, 25 records of warm-up, outliers clipped in the statistics. */
function zclip(run: Run): Alarm[] {
  const found: Alarm[] = [];
  for (const [role, kind] of [
    ["train-loss", "loss-spike"],
    ["grad-norm", "grad-explosion-intermittent"],
  ] as const) {
    const series = first(run, role);
    const values = valuesOf(series).filter((value) => Number.isFinite(value));
    const warm = values.slice(0, 25);
    let mean = warm.reduce((sum, value) => sum + value, 0) / warm.length;
    let variance = warm.reduce((sum, value) => sum + (value - mean) ** 2, 0) / warm.length;
    for (let i = 25; i < values.length; i++) {
      const value = values[i] ?? 0;
      const z = (value - mean) / (Math.sqrt(variance) + 1e-6);
      if (z > 2.5) found.push(...alarm(kind, series, i));
      const kept = z > 2.5 ? mean + (2.5 * 2.5 * Math.sqrt(variance)) / z : value;
      mean = 0.97 * mean + 0.03 * kept;
      variance = 0.97 * variance + 0.03 * (kept - mean) ** 2;
    }
  }
  return found;
}

/** SageMaker Debugger's LossNotDecreasing (10 records), Overfit (ratio 0.1, patience 1) and ExplodingTensor (NaN, Inf): documentation's defaults. */
function sagemaker(run: Run): Alarm[] {
  const loss = first(run, "train-loss");
  const losses = valuesOf(loss);
  const stuck = losses.findIndex((value, i) => i >= 10 && i % 10 === 0 && value >= (losses[i - 10] ?? 0));
  const found = alarm("plateau", loss, stuck);
  for (const series of [loss, first(run, "grad-norm"), first(run, "weight-norm")]) {
    found.push(
      ...alarm(
        "non-finite",
        series,
        valuesOf(series).findIndex((value) => !Number.isFinite(value)),
      ),
    );
  }
  const val = first(run, "val-loss");
  let from = 0;
  for (let i = 0; loss !== null && val !== null && i < val.length; i++) {
    let to = from;
    while (to < loss.length && (loss.steps[to] ?? 0) <= (val.steps[i] ?? 0)) to++;
    const window = losses.slice(from, to);
    const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
    if (to > from && ((val.values[i] ?? 0) - mean) / mean > 0.1) {
      found.push(...alarm("overfitting", val, i));
      break;
    }
    from = to;
  }
  return found;
}

/** Page-Hinkley with river's defaults (δ 0.005, λ 50, α 0.9999, 30 records) on the loss. */
function pageHinkley(run: Run): Alarm[] {
  const loss = first(run, "train-loss");
  let mean = 0;
  let sum = 0;
  let n = 0;
  for (const [i, value] of valuesOf(loss).entries()) {
    if (!Number.isFinite(value)) continue;
    n++;
    mean += (value - mean) / n;
    sum = Math.max(0, 0.9999 * sum + value - mean - 0.005);
    if (n >= 30 && sum > 50) return alarm("loss-growth", loss, i);
  }
  return [];
}

export const peers: readonly Peer[] = [
  { name: "trainproof 0.22", alarmsOf: trainproof },
  { name: "ZClip z-score", alarmsOf: zclip },
  { name: "SageMaker Debugger", alarmsOf: sagemaker },
  { name: "Page-Hinkley", alarmsOf: pageHinkley },
];
