import { proposal, type Refactoring } from "./refactoring.ts";

/** AMSGrad (Reddi et al. 2018, On the convergence of Adam and beyond, algorithm 2). */
export const turnOnAmsgrad: Refactoring = {
  name: "turn-on-amsgrad",
  propose: (context, { optimizers }) =>
    optimizers.flatMap((optimizer) =>
      optimizer.elsewhere === undefined
        ? proposal(
            context.fixesOf(optimizer.framework).turnOnAmsgrad(context, optimizer),
            "Steps do not grow where gradients shrink.",
            optimizer.boundTo,
          )
        : [],
    ),
};
