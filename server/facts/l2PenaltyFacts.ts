import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** An L2 penalty over a whole model that reaches an optimizer through the gradient; the range is where it is written. */
export interface L2PenaltyFact extends TextRange {
  readonly framework: FrameworkName;
  /** Indices into `TrainingFacts.optimizers` that get its gradient. */
  readonly optimizers: readonly number[];
  /** As it is written: `"kernel_regularizer"`, `"l2_loss"`, `"add_decayed_weights"`. */
  readonly shownBy: string;
  /** The penalty's factor, null where the code scales it elsewhere. */
  readonly factor: number | null;
}
