import type { OptimizerFact } from "../facts/trainingFacts.ts";
import { optimizesTensors } from "../rules/trainingContext.ts";
import { proposal, type Refactoring } from "./refactoring.ts";

/** AdamW in Adam's place, with the same arguments. */
export const switchToAdamW: Refactoring = {
  name: "switch-to-adamw",
  propose: (context, { optimizers }) =>
    optimizers.flatMap((optimizer) => {
      if (optimizer.elsewhere !== undefined || optimizer.algorithm !== "adam") return [];
      // An image, an embedding or a temperature is no weight to decay.
      if (optimizesTensors(optimizer)) return [];
      const draft = context.fixesOf(optimizer.framework).decoupleWeightDecay(context, optimizer);
      const decay = givenDecay(optimizer);
      const title =
        decay === null ? "Switch to AdamW, with its own default decay" : `Switch to AdamW, which decouples ${decay}`;
      return proposal(draft, "Weights decay by the rate times their size.", optimizer.boundTo, title);
    }),
};

/** The keyword of a decay that is given, by the optimizer or one of its groups. */
function givenDecay({ arguments: own, groups }: OptimizerFact): string | null {
  const all = [own, ...(groups ?? []).map((group) => group.arguments)];
  return all.flatMap(({ weightDecay }) => (weightDecay?.given === true ? weightDecay.keyword : []))[0] ?? null;
}
