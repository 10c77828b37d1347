import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

export const lossKeepsGraph: Rule = {
  name: "loss-keeps-graph",
  severity: "warning",
  title: "A loss is kept over iterations together with its graph",
  frameworks: ["pytorch"],
  sources: ["https://docs.pytorch.org/docs/stable/notes/faq.html#my-model-reports-cuda-runtime-error-2-out-of-memory"],
  check(context, report) {
    for (const accumulation of context.facts.graphAccumulations) {
      const { framework, lossRange, lossText, accumulator, how, staysTensor } = accumulation;
      const kept = how === "sum" ? `${accumulator} sums ${lossText}` : `${accumulator} collects ${lossText}`;
      const cure = staysTensor
        ? `Leave the graph behind: ${lossText}.detach()`
        : `Keep the number alone: ${lossText}.item()`;
      report({
        start: lossRange.start,
        end: lossRange.end,
        message: `${kept} with its autograd graph, so memory grows with every iteration. ${cure}.`,
        fixes: gradedFix(context.fixesOf(framework).detachLoss(context, accumulation), "safe"),
        related: [],
      });
    }
  },
};
