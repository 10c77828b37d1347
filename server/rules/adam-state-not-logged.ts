import type { OptimizerFact, TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { optimizerName } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import { bestLossLog } from "./lossLogChoice.ts";
import type { Rule } from "./rule.ts";
import { optimizesTensors } from "./trainingContext.ts";

/** The state is read, or a ratio of updates to weights is made. */
const watched = /exp_avg_sq|adam_(state|rms)|update_(to_weight_)?ratio|\brms_?t\b|StableAdamW/i;

export const adamStateNotLogged: Rule = {
  name: "adam-state-not-logged",
  severity: "hint",
  title: "A verdict suspects Adam's second moment, which the log does not show",
  frameworks: ["pytorch"],
  liveOnly: true,
  sources: [
    "Wortsman et al. 2023, Stable and low-precision training for large-scale vision-language models, section 3.4 and algorithm 2, https://arxiv.org/abs/2304.13013",
    "torch 2.13 optim/adam.py L344-L547: exp_avg, exp_avg_sq, step and their bias correction",
  ],
  check(context, report) {
    const { facts, text } = context;
    if (watched.test(text)) return;
    for (const loop of facts.loops) {
      const optimizer = steppedAdam(facts, loop);
      if (optimizer === null) continue;
      const log = bestLossLog(facts, loop);
      const name = optimizerName(optimizer);
      report({
        start: optimizer.nameRange.start,
        end: optimizer.nameRange.end,
        message: `What the run has logged is consistent with ${name}'s second moment having become too small for its gradients, and cannot prove it. Log RMS_t, which rises above 1 when it has, and the largest update-to-weight ratio every so many steps.`,
        fixes: gradedFix(
          context.fixesOf(loop.framework).logAdamState(context, loop, log),
          "unsafe",
          "The log gets two more numbers; weights and steps stay the same.",
        ),
        related:
          log === null
            ? []
            : [{ path: facts.path, start: log.start, end: log.end, message: "The loss is logged here" }],
      });
      return;
    }
  },
};

/** torch's own Adam or AdamW where it is the one that a loop steps: other libraries name their state otherwise. */
function steppedAdam(facts: TrainingFacts, { framework, optimizers }: TrainingLoopFact): OptimizerFact | null {
  if (framework !== "pytorch") return null;
  for (const index of optimizers) {
    const optimizer = facts.optimizers[index];
    if (optimizer === undefined || optimizer.elsewhere !== undefined || optimizesTensors(optimizer)) continue;
    if (/^Adam(W)?$/.test(optimizer.constructorName) && optimizer.framework === "pytorch") return optimizer;
  }
  return null;
}
