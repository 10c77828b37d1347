import type { TextRange } from "../text/range.ts";
import type { FrameworkName, OptimizerArgument } from "./trainingFacts.ts";

/** What a trainer is told, under names that all of them share. */
export type TrainerSettingName =
  | "clipNorm"
  | "precision"
  | "halfFloat"
  | "brainFloat"
  | "epochs"
  | "steps"
  | "batchSize"
  | "accumulation"
  | "warmupSteps"
  | "warmupRatio"
  | "schedule"
  | "optimizer"
  | "seed"
  | "nonfiniteFilter"
  | "detectAnomaly"
  | "deepSpeed";

/** A trainer that runs the loop itself, or the object that holds its settings (Lightning's Trainer, TrainingArguments). */
export interface TrainerFact extends TextRange {
  readonly framework: FrameworkName;
  /** As written, without its module: `"TrainingArguments"`. */
  readonly constructorName: string;
  readonly nameRange: TextRange;
  /** Dotted text of what it is bound to, null when passed on at once. */
  readonly boundTo: string | null;
  /** Given or defaulted; a name missing here does not exist for this trainer. */
  readonly settings: Readonly<Partial<Record<TrainerSettingName, OptimizerArgument<TrainerSettingName>>>>;
}
