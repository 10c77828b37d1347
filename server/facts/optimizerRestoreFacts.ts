import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** An optimizer's saved state is read back: `optimizer.load_state_dict(checkpoint["optimizer"])`; the range is the call. */
export interface OptimizerRestoreFact extends TextRange {
  readonly framework: FrameworkName;
  /** Dotted text of the optimizer: `"optimizer"`, `"self.opt"`. */
  readonly optimizer: string;
  readonly statement: TextRange;
  /** The same name is bound to an optimizer behind it, in the same function. */
  readonly builtAnew: boolean;
}
