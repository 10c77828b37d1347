import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A clip whose parameters are an iterator that something has already run through; the range is the clip's call. */
export interface ExhaustedParametersFact extends TextRange {
  readonly framework: FrameworkName;
  /** The name that holds the iterator. */
  readonly name: string;
  readonly nameRange: TextRange;
  /** The expression that makes the iterator: `model.parameters()`. */
  readonly iterator: TextRange;
  readonly consumedBy: "the optimizer" | "the first iteration";
}
