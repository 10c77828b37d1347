import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A loss whose input is known down to the last activation before it; losses whose input cannot be followed give no fact. */
export interface LossCallFact extends TextRange {
  readonly framework: FrameworkName;
  /** As a message names it: `"CrossEntropyLoss"`, `"sparse_categorical_crossentropy"`. */
  readonly loss: string;
  /** What the loss takes its input for. */
  readonly expects: "logits" | "probabilities" | "log-probabilities";
  /** The activation that a loss of logits applies itself. */
  readonly applies: "softmax" | "sigmoid";
  /** The last activation before the loss; `"none"` where the last operation is certainly a linear or convolutional layer. */
  readonly activation: "softmax" | "log-softmax" | "sigmoid" | "none";
  /** Where that activation or layer is written. */
  readonly activationRange: TextRange;
  /** What the activation is applied to, where leaving the activation out would leave this text; null otherwise. */
  readonly operandRange: TextRange | null;
}
