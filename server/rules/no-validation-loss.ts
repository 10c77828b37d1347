import type { UnvalidatedTrainingFact } from "../facts/unvalidatedTrainingFacts.ts";
import type { Rule } from "./rule.ts";

export const noValidationLoss: Rule = {
  name: "no-validation-loss",
  severity: "hint",
  title: "Only the training loss is ever computed",
  frameworks: ["pytorch", "lightning", "huggingface", "keras", "optax", "tensorflowjs"],
  sources: [
    "Goodfellow, Bengio and Courville, Deep Learning (2016), sections 5.2, 5.3 and 7.8 (early stopping)",
    "https://keras.io/api/models/model_training_apis/#fit-method (validation_data, validation_split)",
    "https://huggingface.co/docs/transformers/main_classes/trainer (eval_dataset)",
  ],
  check(context, report) {
    for (const fact of context.facts.unvalidatedTrainings) {
      report({ start: fact.start, end: fact.end, message: messageOf(fact), fixes: [], related: [] });
    }
  },
};

function messageOf({ how, missing }: UnvalidatedTrainingFact): string {
  const why = "so the point where the model begins to overfit is not seen";
  return how === "loop"
    ? `Only the training loss is computed in these epochs, ${why}. Hold some data out and compute the loss on it once an epoch.`
    : `Only the training loss is computed here, ${why}. Give it ${missing}.`;
}
