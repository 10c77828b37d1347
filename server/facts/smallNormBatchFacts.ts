import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** Batch norm that is trained on batches of a few samples; the range is that of the batch size's argument. */
export interface SmallNormBatchFact extends TextRange {
  readonly framework: FrameworkName;
  readonly batchSize: number;
  /** A command line or a configuration can change it. */
  readonly overridable: boolean;
  /** The layer or the model that has it: `"BatchNorm2d"`, `"resnet50"`. */
  readonly shownBy: string;
  readonly layer: TextRange;
}
