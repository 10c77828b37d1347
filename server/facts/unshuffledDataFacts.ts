import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** Training data that comes in the same order in every epoch; the range is what is marked. */
export interface UnshuffledDataFact extends TextRange {
  readonly framework: FrameworkName;
  /** `"shuffle=False"` as the code says it, null where it says nothing. */
  readonly said: string | null;
  /** The value to change, null where an argument has to be added. */
  readonly value: TextRange | null;
  readonly call: TextRange;
}
