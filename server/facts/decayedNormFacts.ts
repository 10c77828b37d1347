import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** An optimizer whose one weight decay reaches the norm layers of the model that it steps; the range is that of a norm layer. */
export interface DecayedNormFact extends TextRange {
  readonly framework: FrameworkName;
  /** Index into `TrainingFacts.optimizers`. */
  readonly optimizers: readonly number[];
  /** The layer as written: `"nn.LayerNorm"`. */
  readonly shownBy: string;
  /** The argument that names all parameters, where the optimizer has one. */
  readonly parameters: TextRange | null;
}
