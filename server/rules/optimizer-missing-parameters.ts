import type { MissingParametersFact } from "../facts/missingParametersFacts.ts";
import type { Rule } from "./rule.ts";

export const optimizerMissingParameters: Rule = {
  name: "optimizer-missing-parameters",
  severity: "error",
  title: "The optimizer does not hold the parameters that are trained",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/docs/stable/optim.html#constructing-it",
    "https://docs.pytorch.org/docs/stable/fsdp.html: the optimizer must be initialized after the module has been wrapped",
    "torch 2.13 optim/optimizer.py: Optimizer.__init__ keeps the list of parameters it is given and raises on an empty one",
  ],
  check(context, report) {
    for (const fact of context.facts.missingParameters) {
      report({
        start: fact.start,
        end: fact.end,
        message: message(fact),
        fixes: [],
        related:
          fact.how === "empty"
            ? []
            : [{ path: context.facts.path, ...fact.builtAt, message: `${fact.optimizer} is built here` }],
      });
    }
  },
};

function message({ how, subject, by, optimizer }: MissingParametersFact): string {
  switch (how) {
    case "layer-added":
      return `${subject} becomes a new ${by} after ${optimizer} was built, so ${optimizer} does not hold its parameters and it is never trained. Build the optimizer after the last change to the model.`;
    case "model-replaced":
      return `${subject} becomes a new model (${by}) after ${optimizer} was built on the old one, so ${optimizer}.step() does not change it. Build the optimizer after the model.`;
    case "wrapped-later":
      return `${by} replaces the parameters of ${subject} after ${optimizer} was built on them, so ${optimizer}.step() does not change the model. Build the optimizer after wrapping.`;
    case "empty":
      return "The optimizer gets an empty list, for which torch raises a ValueError. Pass the model's parameters.";
  }
}
