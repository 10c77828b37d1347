import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule, Severity } from "./rule.ts";

interface Fault {
  readonly severity: Severity;
  readonly message: string;
}

export const activationBeforeLoss: Rule = {
  name: "activation-before-loss",
  severity: "error",
  title: "A loss gets its input with an activation too many, or with one missing",
  frameworks: ["pytorch", "keras", "tensorflow1", "optax", "tensorflowjs"],
  sources: [
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html (input: unnormalized logits)",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html (input: log-probabilities)",
    "https://www.tensorflow.org/api_docs/python/tf/nn/softmax_cross_entropy_with_logits (expects unscaled logits)",
    "https://optax.readthedocs.io/en/latest/api/losses.html (softmax_cross_entropy: unnormalized log probabilities)",
    "tfjs-layers 4.22 src/losses.ts (categoricalCrossentropy is called with fromLogits = false), src/backend/tfjs_backend.ts (clipByValue)",
    "https://keras.io/api/losses/probabilistic_losses/ (from_logits=False by default)",
  ],
  check(context, report) {
    for (const lossCall of context.facts.lossCalls) {
      const fault = faultOf(lossCall);
      if (fault === null) continue;
      const { activation, activationRange } = lossCall;
      const draft = context.fixesOf(lossCall.framework).correctLossInput(context, lossCall);
      report({
        start: lossCall.start,
        end: lossCall.end,
        ...fault,
        fixes: gradedFix(draft, "unsafe", "The loss and its gradients change, and so does what the model puts out."),
        related: [
          {
            path: context.facts.path,
            ...activationRange,
            message: activation === "none" ? "the last layer, without an activation" : `${activation} is applied here`,
          },
        ],
      });
    }
  },
};

function faultOf(lossCall: LossCallFact): Fault | null {
  const { expects, activation } = lossCall;
  if (expects === "logits") return activation === "none" ? null : activatedTwice(lossCall);
  if (expects === "log-probabilities") return activation === "log-softmax" ? null : notLogProbabilities(lossCall);
  return activation === "none" || activation === "log-softmax" ? notProbabilities(lossCall) : null;
}

function activatedTwice({ framework, loss, applies, activation }: LossCallFact): Fault {
  if (framework === "keras" && !/_with_logits/.test(loss)) {
    return {
      severity: "warning",
      message: `${loss} is told that it gets logits (from_logits=True), but the last layer already applies ${activation}: where the backend cannot take that back, it is applied twice, and gradients nearly vanish. Leave the activation out, or from_logits.`,
    };
  }
  if (activation === "log-softmax" && applies === "softmax") {
    return {
      severity: "hint",
      message: `${loss} applies log-softmax itself, so the one before it changes nothing and costs time. Leave it out${framework === "pytorch" ? ", or use NLLLoss" : ""}.`,
    };
  }
  const flat =
    applies === "softmax"
      ? "with inputs squeezed between 0 and 1 it can never come near 0, and gradients nearly vanish"
      : "with inputs squeezed between 0 and 1 it sees every probability between 0.5 and 0.73";
  return {
    severity: "error",
    message: `${loss} applies ${applies} itself, but its input went through ${activation} already: ${flat}. Give it the raw outputs.`,
  };
}

function notLogProbabilities({ loss, activation }: LossCallFact): Fault {
  const what = activation === "none" ? "the raw outputs of a layer" : `the output of ${activation}`;
  return {
    severity: "error",
    message: `${loss} expects log-probabilities and only picks out one of them, but it gets ${what}: it has no lower bound or the wrong gradient. Apply log_softmax first, or use cross_entropy on the raw outputs.`,
  };
}

function notProbabilities({ framework, loss, applies, activation }: LossCallFact): Fault {
  const what =
    activation === "none" ? "the raw outputs of a layer without an activation" : `the output of ${activation}`;
  const cure =
    framework === "keras"
      ? `Give the last layer activation="${applies}", or the loss from_logits=True.`
      : framework === "tensorflowjs"
        ? `Give the last layer the activation ${applies}.`
        : "Use BCEWithLogitsLoss, which applies sigmoid in a stable way.";
  const harm =
    framework === "keras" || framework === "tensorflowjs"
      ? "it clips them to between 0 and 1, where most gradients are 0"
      : "values outside 0 and 1 are an error or NaN";
  return { severity: "error", message: `${loss} expects probabilities, but it gets ${what}: ${harm}. ${cure}` };
}
