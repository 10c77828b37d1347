import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** Training over epochs in a file that computes nothing on held-out data; the range is that of the loop's header or of the call. */
export interface UnvalidatedTrainingFact extends TextRange {
  readonly framework: FrameworkName;
  readonly how: "loop" | "fit" | "trainer";
  /** What has to be given: `"validation_data"`, `"eval_dataset"`, `"a validation_step"`. */
  readonly missing: string;
}
