import { mayLogNorm } from "../rules/gradient-norm-not-logged.ts";
import { bestLossLog } from "../rules/lossLogChoice.ts";
import { proposal, type Refactoring } from "./refactoring.ts";

/** The gradient norm beside the loss, in the logger that the script uses. */
export const logGradientNorm: Refactoring = {
  name: "log-gradient-norm",
  propose: (context, { loops }) =>
    loops.flatMap((loop) => {
      const log = mayLogNorm(context, loop) ? null : bestLossLog(context.facts, loop);
      if (log === null) return [];
      const draft = context.fixesOf(loop.framework).logGradientNorm(context, loop, log);
      return proposal(draft, "Weights and steps stay the same.", null);
    }),
};
