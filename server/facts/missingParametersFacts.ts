import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** An optimizer that does not hold parameters which the training means it to train; the range is what takes them from it. */
export interface MissingParametersFact extends TextRange {
  readonly framework: FrameworkName;
  readonly how: "layer-added" | "model-replaced" | "wrapped-later" | "empty";
  /** What is added, replaced or wrapped: `"model.fc"`, `"model"`. */
  readonly subject: string;
  /** What does it: `"nn.Linear"`, `"FSDP"`. */
  readonly by: string;
  /** The optimizer, as the file calls it. */
  readonly optimizer: string;
  /** Where the optimizer is built. */
  readonly builtAt: TextRange;
}
