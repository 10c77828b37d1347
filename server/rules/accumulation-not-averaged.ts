import type { UnaveragedAccumulationFact } from "../facts/accumulationFacts.ts";
import { scalarText } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

export const accumulationNotAveraged: Rule = {
  name: "accumulation-not-averaged",
  severity: "warning",
  title: "Gradients are accumulated over micro-batches without averaging, or averaged twice",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation",
    "transformers 5.23 trainer.py: loss / gradient_accumulation_steps",
  ],
  check(context, report) {
    for (const fact of context.facts.unaveragedAccumulations) {
      const why =
        fact.fault === "not-divided"
          ? "Steps become smaller by the number of micro-batches where the optimizer is not adaptive."
          : "Steps become larger by the number of micro-batches where the optimizer is not adaptive.";
      report({
        start: fact.start,
        end: fact.end,
        severity: isOneByDefault(fact) ? "info" : "warning",
        message: message(fact),
        fixes: gradedFix(context.fixesOf(fact.framework).averageAccumulation(context, fact), "unsafe", why),
        related: [
          {
            path: context.facts.path,
            start: fact.shownBy.start,
            end: fact.shownBy.end,
            message: fact.fault === "not-divided" ? "the step waits for this" : "divided again here",
          },
        ],
      });
    }
  },
};

function message(fact: UnaveragedAccumulationFact): string {
  const { count } = fact;
  const times = countText(fact);
  return fact.fault === "not-divided"
    ? `Gradients of ${times} micro-batches are summed and the loss is not divided by ${count}, so the gradient, its norm before a clip and SGD's step are ${times} times those of the mean over the batch. Divide the loss by ${count} before the backward pass.`
    : `The loss is divided by ${count} twice, so the gradient of a step is 1/${times} of the mean over the batch. Divide it once.`;
}

/** `n` as a message says it: "accumulation_steps (4 by default)", "4". */
function countText({ count, resolvedCount }: UnaveragedAccumulationFact): string {
  if (!resolvedCount.known || resolvedCount.alternatives.length > 0) return count;
  const value = scalarText(resolvedCount.value);
  if (value === count) return count;
  return `${count} (${value}${resolvedCount.overridable ? " by default" : ""})`;
}

/** Nothing is accumulated until an option says so. */
function isOneByDefault({ resolvedCount }: UnaveragedAccumulationFact): boolean {
  return resolvedCount.known && resolvedCount.value === 1 && resolvedCount.alternatives.length === 0;
}
