import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** What the length of a schedule counts: `T_max=epochs` epochs, `total_steps=epochs * len(loader)` batches. */
export type ScheduleUnit = "batch" | "epoch" | "unknown";

/** A learning-rate scheduler built in the code; the range is the constructor's call. */
export interface SchedulerFact extends TextRange {
  readonly framework: FrameworkName;
  /** As written, without its module: `"StepLR"`, `"get_linear_schedule_with_warmup"`. */
  readonly constructorName: string;
  readonly nameRange: TextRange;
  readonly statement: TextRange;
  /** Dotted text of what it is bound to, null when it is passed on at once. */
  readonly boundTo: string | null;
  /** Indices into `TrainingFacts.optimizers` whose rate it sets; empty where that is not certain. */
  readonly optimizers: readonly number[];
  readonly unit: ScheduleUnit;
  /** What shows the unit: `"T_max=args.epochs"`, `"step_size=30 over 90 epochs"`. */
  readonly unitShownBy: string | null;
  /** `step` takes the metric that it watches. */
  readonly needsMetric: boolean;
  /** Whether its first steps raise the rate; null where that is not known. */
  readonly warmsUp: boolean | null;
  /** The optimizer's own number is a factor or is replaced: `LambdaLR`, `OneCycleLR`, `CyclicLR`. */
  readonly replacesRate: boolean;
  readonly steps: readonly SchedulerStepFact[];
  /** Everything that the file does with it is seen, and no other scheduler goes by its name. */
  readonly usesKnown: boolean;
}

/** One `scheduler.step(…)`. */
export interface SchedulerStepFact extends TextRange {
  readonly statement: TextRange;
  /** Once a batch inside a loop over epochs, once an epoch, or not certain. */
  readonly level: "batch" | "epoch" | "unknown";
  readonly hasArgument: boolean;
  /** It certainly comes before the optimizer's steps of the same iteration or epoch. */
  readonly beforeOptimizer: boolean;
  /** The statement that takes the optimizer's steps and that it belongs behind, where both stand in one block. */
  readonly optimizerStep: TextRange | null;
  /** The statement behind which the other level's step belongs, where that is certain. */
  readonly otherLevel: TextRange | null;
}

/** Code that sets a learning rate itself: `param_group["lr"] = …`, a Noam wrapper, a range test. */
export interface LearningRateWriteFact extends TextRange {
  readonly framework: FrameworkName;
}
