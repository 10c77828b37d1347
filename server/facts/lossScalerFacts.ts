import type { TextRange } from "../text/range.ts";
import type { FrameworkName, TrainingEvent } from "./trainingFacts.ts";

/** A call on a loss scaler, wherever in the file it stands, or a call that hands the scaler to code that is not read. */
export interface LossScalerCallFact extends TextRange {
  readonly framework: FrameworkName;
  /** `"scaled-backward"` is `scaler.scale(loss).backward()`; `"scale"` a scaled loss that is used in another way. */
  readonly kind: "scaled-backward" | "scale" | "unscale" | "step" | "update" | "handed-on";
  readonly scaler: string;
}

/** One wrong use of a loss scaler in a loop. */
export interface LossScalerMisuse {
  readonly kind:
    | "direct-step"
    | "unguarded-step"
    | "unscaled-backward"
    | "no-update"
    | "unscaled-twice"
    | "unscaled-every-micro-step"
    | "update-every-micro-step";
  /** The scaler as the loop calls it. */
  readonly scaler: string;
  /** The call that is wrong, or the step after which one is missing. */
  readonly event: TrainingEvent;
  /** The step that it belongs to; the first call where `unscale_` comes twice. */
  readonly step: TrainingEvent;
}
