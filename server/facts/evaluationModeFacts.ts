import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A validation pass of training code that runs like training, or training that goes on in evaluation mode; the range is marked. */
export interface EvaluationModeFact extends TextRange {
  readonly framework: FrameworkName;
  /** `"training-mode"`: validated without `eval()`; `"gradients"`: with it, and with a graph; `"left-in-evaluation"`: never back; `"told-to-train"`: a call with the flag `training=True`. */
  readonly fault: "training-mode" | "gradients" | "left-in-evaluation" | "told-to-train";
  /** Validated without `eval()`, and with a graph too. */
  readonly recordsGraph: boolean;
  /** What the model is called there: `"model"`. */
  readonly model: string;
  /** A layer that behaves otherwise in training, where one is seen: `"nn.Dropout"`. */
  readonly layer: string | null;
  /** The training loop that it disturbs. */
  readonly training: TextRange;
  readonly edit: EvaluationEdit;
}

/** Where the calls that are missing can be written. */
export interface EvaluationEdit {
  /** The whole statement that validates. */
  readonly validation: TextRange | null;
  /** Receivers of `eval()` before it. */
  readonly models: readonly string[];
  /** The training loop's statement with the receiver of `train()` before it, where nothing calls it. */
  readonly trainBefore: { readonly statement: TextRange; readonly receiver: string } | null;
}
