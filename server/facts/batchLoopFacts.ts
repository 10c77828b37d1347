import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** What tells the iterations of a training loop apart; the range is the loop's header. */
export interface BatchLoopFact extends TextRange {
  readonly framework: FrameworkName;
  /** Start of the training loop (`TrainingLoopFact.start`). */
  readonly loopStart: number;
  /** It takes batches from a loader, or counts and draws them itself. */
  readonly over: "batches" | "counts";
  /** The name that counts its iterations: the first of `enumerate`, or of `range`. */
  readonly index: string | null;
  /** What it gives each batch, where `enumerate` can be put around it. */
  readonly plain: { readonly targets: TextRange; readonly iterable: TextRange } | null;
  /** What the loader gives that names samples, as the code writes it: `paths`, `batch["image_id"]`. */
  readonly identities: readonly string[];
}
