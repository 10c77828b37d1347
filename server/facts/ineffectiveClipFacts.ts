import type { TextRange } from "../text/range.ts";
import type { Resolved } from "./resolved.ts";
import type { FrameworkName, ScalarValue } from "./trainingFacts.ts";

/** Why a clip limits nothing. */
export type IneffectiveClipCause =
  /** Lightning leaves clipping to the code under manual optimization, and refuses the Trainer's argument. */
  | "manual-optimization"
  /** A fused optimizer unscales by itself, so Lightning refuses to clip under `16-mixed`. */
  | "fused-optimizer"
  /** DeepSpeed refuses `max_grad_norm` among an optimizer's parameters. */
  | "deepspeed-optimizer-parameter"
  /** Accelerate leaves clipping to DeepSpeed and only reads the norm. */
  | "accelerate-under-deepspeed"
  /** Keras takes one of its three clip arguments. */
  | "several-clip-arguments"
  /** No healthy gradient is near the threshold. */
  | "threshold-too-high"
  /** Every gradient is scaled to zero. */
  | "threshold-zero";

/** A place that asks for gradient clipping and gets none, or gets nothing but zeros. */
export interface IneffectiveClipFact extends TextRange {
  readonly framework: FrameworkName;
  readonly cause: IneffectiveClipCause;
  /** The function or setting by its name: `"clip_grad_norm_"`, `"gradient_clip_val"`. */
  readonly name: string;
  /** Null where the cause is another than the threshold. */
  readonly threshold: Resolved<ScalarValue> | null;
  /** What makes it so, with the words for it. */
  readonly because: (TextRange & { readonly text: string }) | null;
}
