import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A loop over epochs, or one loop over all steps, around the optimizer's steps. */
export interface EpochLoopFact extends TextRange {
  readonly framework: FrameworkName;
  readonly header: TextRange;
  /** Indices into `TrainingFacts.optimizers` that step in it; empty where that is not certain. */
  readonly optimizers: readonly number[];
  readonly counts: "epochs" | "steps";
  /** How often it runs, by default where an option says so; null when that is not known. */
  readonly length: number | null;
  /** The length as the code writes it: `"args.epochs"`. */
  readonly lengthText: string | null;
  /** The statement of its body that trains. */
  readonly training: TextRange;
  /** A validation loss of the same epoch, with the last statement of the body that sets it. */
  readonly validationLoss: { readonly name: string; readonly statement: TextRange } | null;
  /** A wrapper or code that cannot be read takes part in the steps. */
  readonly isOpen: boolean;
}
