import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A long training loop that steps, or fits, whatever the loss is; the range is that of the step. */
export interface UnguardedLoopFact extends TextRange {
  readonly framework: FrameworkName;
  /** What makes it long: the header of the loop over epochs or steps, or the argument that counts epochs. */
  readonly shownBy: TextRange;
  readonly counts: "epochs" | "steps";
  /** How often it runs, by default where an option says so; null for `while True`. */
  readonly length: number | null;
  /** Start of the training loop (`TrainingLoopFact.start`). */
  readonly loopStart: number;
  /** The outermost loop around it in the same function, before which a counter begins. */
  readonly outermost: TextRange;
}
