import { isStep } from "../facts/eventKinds.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";
import { isOffByDefault } from "./trainingContext.ts";

export const clipBeforeUnscale: Rule = {
  name: "clip-before-unscale",
  severity: "error",
  title: "Gradients are clipped while they still carry the loss scale",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-clipping",
    "torch 2.13 amp/grad_scaler.py L111-129 (initial scale 65536), L302-346 (unscale_)",
  ],
  check(context, report) {
    const seen = new Set<number>();
    for (const loop of context.facts.loops) {
      if (loop.wrappedBy !== null || loop.gradScaler === null) continue;
      const enabled = loop.gradScalerEnabled;
      const offByDefault = isOffByDefault(enabled);
      if (offByDefault && enabled.known && !enabled.overridable) continue;
      for (const [index, clip] of loop.events.entries()) {
        if (clip.kind !== "clip" || seen.has(clip.start)) continue;
        const backward = scaledBackwardBefore(loop, index);
        if (backward === null || !scalerStepsAfter(loop, index)) continue;
        seen.add(clip.start);
        const when = enabled.known && enabled.value ? "" : ` whenever ${loop.gradScaler} is enabled`;
        const draft = context.fixesOf(loop.framework).unscaleBeforeClip(context, loop, clip);
        report({
          start: clip.start,
          end: clip.end,
          severity: offByDefault ? "warning" : "error",
          message: `The clip sees gradients that are still multiplied by the loss scale (65,536 at first)${when}, so after the step unscales them almost nothing is left of every update. Call ${loop.gradScaler}.unscale_(optimizer) between the backward pass and the clip.`,
          fixes: gradedFix(draft, "safe"),
          related: [
            { path: context.facts.path, start: backward.start, end: backward.end, message: "the loss is scaled here" },
          ],
        });
      }
    }
  },
};

/** The scaled backward pass whose gradients reach the clip still scaled; null when anything on the way may unscale them. */
function scaledBackwardBefore(loop: TrainingLoopFact, clipIndex: number): TrainingEvent | null {
  const clip = loop.events[clipIndex];
  for (const event of loop.events.slice(0, clipIndex).reverse()) {
    if (event.kind === "scaled-backward") return event;
    if (event.kind === "unscale" || event.kind === "unknown-call-with-model") return null;
    // The branch without a scaler: passed over only when the clip stands after both branches.
    if (event.kind === "backward" && !(event.conditional && clip?.conditional === false)) return null;
    if (isStep(event)) return null;
  }
  return null;
}

function scalerStepsAfter(loop: TrainingLoopFact, clipIndex: number): boolean {
  for (const { kind } of loop.events.slice(clipIndex + 1)) {
    if (kind === "scaler-step") return true;
    if (kind === "backward" || kind === "scaled-backward" || kind === "unscale") return false;
  }
  return false;
}
