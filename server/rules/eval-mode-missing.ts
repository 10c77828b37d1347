import type { EvaluationModeFact } from "../facts/evaluationModeFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule, Severity } from "./rule.ts";

export const evalModeMissing: Rule = {
  name: "eval-mode-missing",
  severity: "warning",
  title: "Validation runs in training mode or with a graph, or training goes on in evaluation mode",
  frameworks: ["pytorch", "keras", "optax"],
  sources: [
    "https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disable-grad-doc",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval",
    "https://www.tensorflow.org/tutorials/quickstart/advanced (training=False in test_step)",
    "https://flax-linen.readthedocs.io/en/latest/guides/training_techniques/batch_norm.html (train=False in eval_step)",
    "torch 2.13 nn/modules/batchnorm.py: running statistics are updated and the batch's own are used while self.training",
  ],
  check(context, report) {
    const { path } = context.facts;
    for (const fact of context.facts.evaluationModes) {
      report({
        start: fact.start,
        end: fact.end,
        severity: severityOf(fact),
        message: messageOf(fact),
        fixes: gradedFix(context.fixesOf(fact.framework).setEvaluationMode(context, fact), "unsafe", whyOf(fact)),
        related: [{ path, start: fact.training.start, end: fact.training.end, message: "the training loop" }],
      });
    }
  },
};

function severityOf({ fault, layer }: EvaluationModeFact): Severity {
  if (fault === "gradients") return "info";
  return fault !== "left-in-evaluation" && layer === null ? "info" : "warning";
}

function messageOf({ fault, model, layer, recordsGraph }: EvaluationModeFact): string {
  const layers = layer === null ? "dropout and batch norm, where it has them," : `its ${layer}`;
  const act = layer === null ? "act" : "acts";
  switch (fault) {
    case "left-in-evaluation":
      return `${model} stays in evaluation mode after this validation, so ${layers} no longer ${act} as in training when training goes on. Call ${model}.train() before it does.`;
    case "training-mode":
      return `This validation runs ${model} in training mode, so ${layers} still ${act} as in training and the figures are not those of the model that is kept. Call ${model}.eval() before it${recordsGraph ? ", run it under torch.no_grad()," : ""} and ${model}.train() after it.`;
    case "told-to-train":
      return `This validation calls ${model} as in training, so ${layers} still ${act} as there and the figures are not those of the model that is kept. Tell it that it does not train: False.`;
    case "gradients":
      return "This validation records a graph for gradients that nothing uses, which costs memory and time. Run it under torch.no_grad() or torch.inference_mode().";
  }
}

function whyOf({ fault }: EvaluationModeFact): string {
  switch (fault) {
    case "left-in-evaluation":
      return "Training goes on with dropout and batch statistics.";
    case "training-mode":
      return "Validation figures become those of the model without dropout and with its running statistics.";
    case "told-to-train":
      return "Validation figures become those of the model without dropout and with its running statistics.";
    case "gradients":
      return "Nothing changes but memory and time.";
  }
}
