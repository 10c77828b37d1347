/** What a series means for training. */
export type SeriesRole =
  | "train-loss"
  | "val-loss"
  | "grad-norm"
  | "learning-rate"
  | "loss-scale"
  | "update-norm"
  | "update-ratio"
  | "weight-norm"
  | "metric"
  | "epoch"
  | "time"
  | "other";

export type StepAxis = "step" | "epoch" | "tokens" | "samples" | "time" | "record";

/** A column of a run. `steps` and `values` hold `length` points in the order in which they were written. */
export interface Series {
  readonly name: string;
  role: SeriesRole;
  /** Capacity grows by a factor; only the first `length` entries are points. Not copied per append. */
  steps: Float64Array;
  values: Float64Array;
  length: number;
}

export interface RunSource {
  readonly path: string;
  format: string;
  records: number;
  skipped: number;
}

export interface RunEvent {
  readonly kind: "restart" | "checkpoint" | "stage" | "resume" | "overflow";
  readonly step: number;
  readonly text: string;
}

/** A training run: the server's truth, grown in place by `appendRecord`. */
export interface Run {
  readonly id: string;
  readonly name: string;
  readonly sources: RunSource[];
  readonly series: Map<string, Series>;
  readonly events: RunEvent[];
  stepAxis: StepAxis;
  /** First and last step seen; NaN before the first record. */
  firstStep: number;
  lastStep: number;
  /** `stalled`: nothing has come for five times the usual interval. */
  state: "waiting" | "live" | "stalled" | "finished" | "failed" | "gone";
}
