import type { OptimizerFact, TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { UnguardedLoopFact } from "../facts/unguardedLoopFacts.ts";
import { numberText, optimizerName } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";
import { optimizesTensors, timesOnly } from "./trainingContext.ts";

export const nonfiniteUnchecked: Rule = {
  name: "nonfinite-unchecked",
  severity: "hint",
  title: "A long loop steps whether or not the loss is finite",
  frameworks: ["pytorch", "keras", "optax"],
  sources: [
    "torch 2.13 optim/adam.py: exp_avg.lerp_(grad, 1 - beta1), so one NaN stays in the running averages",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html: error_if_nonfinite is False",
    "https://optax.readthedocs.io/en/latest/api/transformations.html#optax.apply_if_finite",
    "https://keras.io/api/callbacks/terminate_on_nan/",
    "torch 2.13 amp/grad_scaler.py L375-405: a GradScaler skips the step on infinite and NaN gradients",
  ],
  check(context, report) {
    const { facts, text } = context;
    if (timesOnly(context)) return;
    const bound = /early_?stop|patience|\bbreak\b/i.test(text) ? "for up to" : "for";
    const seen = new Set<number>();
    for (const fact of facts.unguardedLoops) {
      const loop = facts.loops.find(({ start, framework }) => start === fact.loopStart && framework === fact.framework);
      const optimizer = loop === undefined ? null : steppedOptimizer(facts, loop.optimizers);
      if (loop === undefined || optimizer === null || seen.has(fact.start)) continue;
      seen.add(fact.start);
      const length =
        fact.length === null ? "without an end of its own" : `${bound} ${numberText(fact.length)} ${fact.counts}`;
      report({
        start: fact.start,
        end: fact.end,
        message: `The loop runs ${length} and steps whatever the loss is: the first NaN goes into ${lost(optimizer)}, and all that follows is lost. ${cure(fact, loop)}`,
        fixes: gradedFix(context.fixesOf(fact.framework).guardStep(context, loop, fact), "unsafe", why(fact, loop)),
        related: [{ path: facts.path, ...fact.shownBy, message: related(fact) }],
      });
    }
  },
};

function steppedOptimizer(facts: TrainingFacts, indices: readonly number[]): OptimizerFact | null {
  for (const index of indices) {
    const optimizer = facts.optimizers[index];
    if (optimizer !== undefined && !optimizesTensors(optimizer)) return optimizer;
  }
  return null;
}

function lost(optimizer: OptimizerFact): string {
  return optimizer.adaptive
    ? `every weight and into the running averages of ${optimizerName(optimizer)}`
    : "every weight";
}

function related({ length, counts }: UnguardedLoopFact): string {
  return length === null ? "the loop ends only by a break" : `${numberText(length)} ${counts} here`;
}

/** Keras's own loop, which a callback ends. */
function isFit({ framework, start }: UnguardedLoopFact, loop: TrainingLoopFact): boolean {
  return framework === "keras" && start === loop.header.start;
}

function cure(fact: UnguardedLoopFact, loop: TrainingLoopFact): string {
  if (isFit(fact, loop)) return "Stop at the first NaN with the callback TerminateOnNaN.";
  return fact.framework === "optax"
    ? "Leave such steps out with optax.apply_if_finite."
    : "Skip the step when the loss or the gradient norm is not finite, and say so.";
}

function why(fact: UnguardedLoopFact, loop: TrainingLoopFact): string {
  if (isFit(fact, loop)) return "A run whose loss becomes NaN ends there.";
  return fact.framework === "optax"
    ? "Steps on gradients that are not finite are left out; the optimizer's state gets another shape."
    : "Steps on numbers that are not finite are left out; reading the number waits for the device once a step.";
}
