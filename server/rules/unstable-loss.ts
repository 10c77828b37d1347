import type { FrameworkName, LossTermFact } from "../facts/trainingFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

/** What each operation does at the edge of its domain, and the way out. */
const dangers: Readonly<Record<LossTermFact["operation"], { readonly does: string; readonly cure: string }>> = {
  log: {
    does: "is -inf at 0 and NaN below, and its gradient grows without bound towards 0",
    cure: "Clamp the operand to a small positive number first",
  },
  sqrt: {
    does: "has an infinite gradient at 0, which turns into NaN by the chain rule",
    cure: "Add a small constant under the root",
  },
  power: {
    does: "has an infinite gradient at 0 for an exponent below 1",
    cure: "Clamp the base to a small positive number first",
  },
  acos: { does: "has an infinite gradient at ±1 and is NaN beyond", cure: "Clamp the operand just inside ±1" },
  division: {
    does: "is infinite or NaN when the divisor reaches 0",
    cure: "Add a small constant to the divisor or clamp it",
  },
  exp: { does: "overflows above 88 in float32 and above 11 in float16", cure: "Bound the exponent or use logsumexp" },
  norm: { does: "has an undefined gradient at 0", cure: "Add a small constant under its root" },
  "bce-under-autocast": {
    does: "is not safe in float16, and autocast refuses it with an error",
    cure: "Use binary_cross_entropy_with_logits on the logits",
  },
};

type StableForm = NonNullable<LossTermFact["stableForm"]>;

const stableForms: Readonly<Record<StableForm, (framework: FrameworkName) => string>> = {
  "log-softmax": (framework) =>
    `Use ${framework === "tensorflowjs" ? "logSoftmax" : "log_softmax"}, which never leaves the log domain`,
  "log-sigmoid": (framework) =>
    `Use ${framework === "tensorflowjs" ? "logSigmoid" : "logsigmoid"}, which never leaves the log domain`,
  log1p: () => "Use log1p, which is exact near 0",
  logsumexp: (framework) =>
    `Use ${framework === "tensorflowjs" ? "logSumExp" : "logsumexp"}, which subtracts the largest value first`,
  "clamp-min": () => "Clamp the operand to a small positive number first",
  "bce-with-logits": (framework) =>
    `Use ${framework === "tensorflowjs" ? "losses.sigmoidCrossEntropy" : "binary_cross_entropy_with_logits"} on the logits`,
};

export const unstableLoss: Rule = {
  name: "unstable-loss",
  severity: "warning",
  title: "A loss computes something that is infinite or NaN at the edge of its domain",
  frameworks: ["pytorch", "tensorflowjs", "keras", "optax", "tensorflow1"],
  sources: [
    "https://docs.pytorch.org/docs/stable/amp.html#prefer-binary-cross-entropy-with-logits-over-binary-cross-entropy",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html",
    "Blanchard, Higham, Higham 2021, Accurately computing the log-sum-exp and softmax functions, https://doi.org/10.1093/imanum/draa038",
  ],
  check(context, report) {
    for (const term of context.facts.lossTerms) {
      const { does, cure } = dangers[term.operation];
      const subject =
        term.operation === "division"
          ? `Dividing by ${shortened(term.operandText)}`
          : term.operation === "bce-under-autocast"
            ? "binary_cross_entropy"
            : `${term.operation}(${shortened(term.operandText)})`;
      const advice = term.stableForm === null ? cure : stableForms[term.stableForm](term.framework);
      report({
        start: term.start,
        end: term.end,
        message: `${subject} in this loss ${does}, so one such element makes the whole step non-finite. ${advice}.`,
        fixes: gradedFix(
          context.fixesOf(term.framework).stabilizeLossTerm(context, term),
          "unsafe",
          "The loss differs slightly at the edge of its domain.",
        ),
        related: [],
      });
    }
  },
};

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length <= 40 ? line : `${line.slice(0, 37)}…`;
}
