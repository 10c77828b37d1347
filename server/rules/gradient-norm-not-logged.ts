import type { OptimizerFact, TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { optimizerName } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import { bestLossLog } from "./lossLogChoice.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { optimizesTensors, timesOnly } from "./trainingContext.ts";

/** Adam's second moment averages over about 1/(1-0.999) steps; a run of fewer is over before its norm tells anything. */
const fewestSteps = 1000;

/** Code that speaks of a gradient's norm, other than as a threshold. */
const normNames = /(?:grad(?:ient)?s?_?\w*_?norm|norm_?(?:of_?)?grad|total_norm|global_norm)\w*/gi;
const thresholds = /clip|max_?grad|max_?norm|grad\w*_max|normali[sz]/i;
/** Gradients that are watched whole, or by a helper of another file. */
const watched =
  /\.watch\(|hist\w*\([^\n]*grad|\.grad\b[^\n]*\.(norm|abs|pow|square|max)\(|norm\([^\n]*\.grad\b|(log|plot|monitor|track|check|show)_?\w*grad|grad\w*_?(flow|stat|log|monitor|hist)|GradientMonitor/i;

/** `norm = clip_grad_norm_(…)`: what becomes of it is not for a regular expression to say. */
const keepsNorm = /^(?!_\s*=)[\w.]+(\[[^\]]*\])?\s*(:[^=]+)?=[^=]|\((?=[^)]*clip_grad_norm)/;

export const gradientNormNotLogged: Rule = {
  name: "gradient-norm-not-logged",
  severity: "hint",
  title: "An adaptive optimizer's loss is logged without a gradient norm",
  frameworks: ["pytorch", "keras", "optax"],
  sources: [
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html: returns the total norm before clipping",
    "transformers 5.23 trainer.py L2255: logs grad_norm beside the loss",
    "Wortsman et al. 2023, Stable and low-precision training for large-scale vision-language models, abstract, https://arxiv.org/abs/2304.13013",
  ],
  check(context, report) {
    const { facts, text } = context;
    if (facts.lossLogs.length === 0 || speaksOfNorm(text) || timesOnly(context)) return;
    const seen = new Set<number>();
    for (const loop of facts.loops) {
      const optimizer = adaptiveOptimizer(facts, loop, text);
      const log = optimizer === null ? null : bestLossLog(facts, loop);
      if (optimizer === null || log === null || seen.has(log.start) || isShort(facts, loop, text)) continue;
      seen.add(log.start);
      const cure = cureOf(loop, text);
      report({
        start: log.start,
        end: log.end,
        message: `The loss is logged here without a gradient norm, so when it jumps or becomes NaN nothing tells whether the gradients that ${optimizerName(optimizer)} steps on grew first. ${cure}`,
        fixes: gradedFix(
          context.fixesOf(loop.framework).logGradientNorm(context, loop, log),
          "unsafe",
          "The log gets one more number; weights and steps stay the same.",
        ),
        related: [
          {
            path: optimizer.elsewhere ?? facts.path,
            start: optimizer.nameRange.start,
            end: optimizer.nameRange.end,
            message: `${optimizerName(optimizer)} is built here`,
          },
        ],
      });
    }
  },
};

function speaksOfNorm(text: string): boolean {
  return watched.test(text) || [...text.matchAll(normNames)].some((match) => !thresholds.test(wholeName(text, match)));
}

/** The name that a match ends: going back to its start costs less than looking from the start of every name. */
function wholeName(text: string, { 0: ending, index }: RegExpExecArray): string {
  let start = index;
  while (start > 0 && /\w/.test(text.charAt(start - 1))) start -= 1;
  return text.slice(start, index + ending.length);
}

/** Some code logs, or may log, the norm of a loop's gradients: this file's, a wrapper's, or what the loop gives its model to. */
export function mayLogNorm({ text }: Pick<RuleContext, "text">, loop: TrainingLoopFact): boolean {
  return speaksOfNorm(text) || handsNormOn(loop, text);
}

/** A wrapper may log the norm by itself, or a helper that it is given to. */
function handsNormOn({ wrappedBy, events }: TrainingLoopFact, text: string): boolean {
  if (wrappedBy !== null && wrappedBy !== "Accelerate" && wrappedBy !== "Lightning") return true;
  return events.some(
    ({ kind, subject, statement }) =>
      (kind === "unknown-call-with-model" && /grad|norm|log|stat|monitor|track|watch/i.test(subject ?? "")) ||
      (kind === "clip" && keepsNorm.test(text.slice(statement.start, statement.end))),
  );
}

/** The adaptive optimizer of a loop that can be read as a whole; null where none steps or a wrapper may log by itself. */
function adaptiveOptimizer(facts: TrainingFacts, loop: TrainingLoopFact, text: string): OptimizerFact | null {
  if (handsNormOn(loop, text)) return null;
  for (const index of loop.optimizers) {
    const optimizer = facts.optimizers[index];
    if (optimizer?.adaptive === true && !optimizesTensors(optimizer)) return optimizer;
  }
  return null;
}

/**
 * A single loop over a known, small number of steps, or one whose epochs are a step each: a demonstration, or a data set so small
 * that every step sees all of it.
 */
function isShort({ epochLoops }: TrainingFacts, loop: TrainingLoopFact, text: string): boolean {
  const own = epochLoops.find(({ start, counts }) => start === loop.start && counts === "steps");
  if (own === undefined) return false;
  return (
    (own.length !== null && own.length < fewestSteps) || /epoch/i.test(text.slice(own.header.start, own.header.end))
  );
}

function cureOf({ framework, events }: TrainingLoopFact, text: string): string {
  if (framework === "keras") return "Log tf.linalg.global_norm of the gradients beside it.";
  if (framework === "optax") return "Log optax.global_norm of the gradients beside it.";
  const isClipped = events.some(
    ({ kind, start, end }) => kind === "clip" && /clip_grad_norm_?\(/.test(text.slice(start, end)),
  );
  return isClipped ? "Log the norm that clip_grad_norm_ returns beside it." : "Log the gradient norm beside it.";
}
