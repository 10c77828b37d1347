import { isStep } from "../facts/eventKinds.ts";
import type { TrainingLoopFact } from "../facts/trainingFacts.ts";
import { mayClip } from "../rules/missing-gradient-clipping.ts";
import { optimizesTensors } from "../rules/trainingContext.ts";
import { proposal, type Refactoring } from "./refactoring.ts";

/** Clips the gradient norm to 1.0, as transformers' Trainer does by default, for every optimizer of a loop that clips nothing. */
export const addClipping: Refactoring = {
  name: "add-clipping",
  propose: (context, { loops }) =>
    loops.flatMap((loop) => {
      if (mayClip(loop)) return [];
      const { clipGradientNorm } = context.fixesOf(loop.framework);
      return firstSteps(loop).flatMap((step) => {
        const built = step.optimizers.flatMap((index) => context.facts.optimizers[index] ?? []);
        if (built.some((each) => each.clipsItself === true || optimizesTensors(each))) return [];
        const draft = clipGradientNorm(context, loop, step, 1);
        return proposal(draft, "Steps whose gradient norm is above 1.0 become smaller.", built[0]?.boundTo ?? null);
      });
    }),
};

/** The first step of each optimizer. */
function firstSteps({ events }: TrainingLoopFact) {
  const seen = new Set<string>();
  return events.filter((event) => {
    if (!isStep(event) || event.optimizers.length === 0) return false;
    const key = event.optimizers.join();
    return !seen.has(key) && seen.add(key);
  });
}
