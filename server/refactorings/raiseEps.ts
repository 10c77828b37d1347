import type { OptimizerArgument } from "../facts/trainingFacts.ts";
import { certainNumber } from "../rules/argumentText.ts";
import { proposal, type Refactoring } from "./refactoring.ts";

/** A larger eps: one step of ten above the libraries' own, which is 1e-8 or, in Keras, 1e-7. */
export const raiseEps: Refactoring = {
  name: "raise-eps",
  propose: (context, { optimizers }) =>
    optimizers.flatMap((optimizer) => {
      const larger = optimizer.adamFamily && optimizer.elsewhere === undefined ? above(optimizer.arguments.eps) : null;
      if (larger === null) return [];
      const draft = context.fixesOf(optimizer.framework).setOptimizerArgument(context, optimizer, "eps", larger);
      const title = draft === null ? undefined : draft.title.replace(/^Set /, "Raise eps: set ");
      return proposal(draft, `Weights whose gradients are near ${larger} move more slowly.`, optimizer.boundTo, title);
    }),
};

function above(eps: OptimizerArgument | undefined): string | null {
  const value = certainNumber(eps);
  if (value === null || value <= 0) return null;
  if (value < 1e-7) return "1e-7";
  return value === 1e-7 && eps?.given === false ? "1e-6" : null;
}
