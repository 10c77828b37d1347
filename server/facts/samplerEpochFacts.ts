import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** A shuffling sampler that draws its order from an epoch number, in a loop over epochs that never sets it; the range is its name. */
export interface SamplerEpochFact extends TextRange {
  readonly framework: FrameworkName;
  /** What it is bound to: `"train_sampler"`, null where it is passed on at once. */
  readonly boundTo: string | null;
  readonly epochLoop: TextRange;
  /** Where a call can be written: the first statement of the loop over epochs; null where no name for the epoch is at hand. */
  readonly call: {
    readonly before: TextRange;
    readonly receiver: string;
    readonly epoch: string;
    /** A test that the call needs, where the sampler is not always this one. */
    readonly guard: string | null;
  } | null;
}
