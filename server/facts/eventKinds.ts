import type { TrainingEvent } from "./trainingFacts.ts";

/** A backward pass, on a loss that is scaled or not. */
export function isBackward({ kind }: Pick<TrainingEvent, "kind">): boolean {
  return kind === "backward" || kind === "scaled-backward";
}

/** A step of an optimizer, by itself or through a GradScaler. */
export function isStep({ kind }: Pick<TrainingEvent, "kind">): boolean {
  return kind === "optimizer-step" || kind === "scaler-step";
}
