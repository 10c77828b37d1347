import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A place that keeps NaN and infinite losses from being seen. */
export interface HiddenNonfiniteFact extends TextRange {
  readonly framework: FrameworkName;
  /** The trainer leaves them out of the logged mean, or the code replaces them by numbers. */
  readonly how: "logging-filter" | "replaced";
  /** The call as written, without its arguments: `"np.nan_to_num"`, `"TrainingArguments"`. */
  readonly name: string;
  /** The loss in source text where it is replaced. */
  readonly lossText: string | null;
  readonly call: TextRange;
}
