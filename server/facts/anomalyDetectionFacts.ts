import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A search for NaN that is switched on for good: the call, or the trainer's argument. */
export interface AnomalyDetectionFact extends TextRange {
  readonly framework: FrameworkName;
  /** As written: `"torch.autograd.set_detect_anomaly(True)"`. */
  readonly shownBy: string;
  /** A statement of its own, a `with` around training, or an argument of a trainer. */
  readonly form: "statement" | "with" | "argument";
  /** The whole statement; of a `with`, from its keyword to the end of its block. */
  readonly statement: TextRange;
  /** Where the block of a `with` starts. */
  readonly body: TextRange | null;
}
