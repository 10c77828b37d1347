import type { TextRange } from "../text/range.ts";
import type { Resolved } from "./resolved.ts";
import type { FrameworkName, ScalarValue } from "./trainingFacts.ts";

/** A loop that steps every n-th micro-batch and whose loss is not divided by n exactly once; the range is the backward call. */
export interface UnaveragedAccumulationFact extends TextRange {
  readonly framework: FrameworkName;
  /** `n` as the test of the step writes it. */
  readonly count: string;
  readonly resolvedCount: Resolved<ScalarValue>;
  readonly fault: "not-divided" | "divided-twice";
  /** The loss in the backward call. */
  readonly lossRange: TextRange;
  /** The test that lets every n-th step through, or the second division. */
  readonly shownBy: TextRange;
}
