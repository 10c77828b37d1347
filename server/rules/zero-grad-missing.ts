import { isBackward, isStep } from "../facts/eventKinds.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const zeroGradMissing: Rule = {
  name: "zero-grad-missing",
  severity: "warning",
  title: "Gradients are never zeroed, or are zeroed before the step that needs them",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html",
    "https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html",
  ],
  check(context, report) {
    const seen = new Set<number>();
    for (const loop of context.facts.loops) {
      if (loop.framework !== "pytorch" || loop.events.some(({ kind }) => kind === "unknown-call-with-model")) continue;
      const ordered = loop.wrappedBy === null && !loop.accumulates;
      const found = neverZeroed(context, loop) ?? (ordered ? zeroedBeforeStep(loop) : null);
      if (found === null || seen.has(found.event.start)) continue;
      seen.add(found.event.start);
      const draft = context.fixesOf(loop.framework).zeroGradients(context, loop);
      report({
        start: found.event.start,
        end: found.event.end,
        message: found.message,
        fixes: gradedFix(draft, "safe"),
        related: [
          {
            path: context.facts.path,
            start: found.step.start,
            end: found.step.end,
            message: "the optimizer steps here",
          },
        ],
      });
    }
  },
};

interface Fault {
  readonly event: TrainingEvent;
  readonly step: TrainingEvent;
  readonly message: string;
}

/** What zeroes gradients in any spelling; a text without it zeroes nothing. */
const zeroes = /zero_?grad|clear_?grad|\bgrad\s*=\s*None|\.grad\b[^\n]*\bzero_|reset_grad/i;

function neverZeroed({ facts, text }: RuleContext, loop: TrainingLoopFact): Fault | null {
  const around = facts.loops.filter((other) => other.start <= loop.start && other.end >= loop.end);
  if (around.some(({ events }) => events.some(({ kind }) => kind === "zero-grad"))) return null;
  const backward = loop.events.find(isBackward);
  const step = loop.events.find(isStep);
  if (backward === undefined || step === undefined) return null;
  const isPlain = loop.wrappedBy === null && !loop.accumulates && step.optimizers.length > 0;
  if (!isPlain && (zeroes.test(text) || !leavesZeroing(loop, step, text))) return null;
  return {
    event: backward,
    step,
    message:
      "Nothing zeroes the gradients in this loop, so the backward pass adds to those of every earlier batch and each step is larger and older than the last. Call zero_grad before the backward pass.",
  };
}

/**
 * Nothing but the code zeroes: neither Accelerate (accelerate 1.15 optimizer.py, `step`) nor Apex nor Fabric does. An optimizer that is
 * built elsewhere is taken for an ordinary one where the step takes no argument.
 */
function leavesZeroing({ wrappedBy, start }: TrainingLoopFact, step: TrainingEvent, text: string): boolean {
  if (/deepspeed|megatron/i.test(text)) return false;
  const isKnown = step.optimizers.length > 0;
  if (wrappedBy === "its callers") return isKnown;
  if (wrappedBy !== null && !/^(Accelerate|Apex|Lightning Fabric)$/.test(wrappedBy)) return false;
  const isLoop = /^(async\s+)?(for|while)\b/.test(text.slice(start, start + 16));
  if (!isKnown && !isLoop) return false;
  return isKnown || step.kind === "scaler-step" || /step\(\s*\)$/.test(text.slice(step.start, step.end));
}

/** Backward, then zero_grad of the same optimizer, then its step: the step sees no gradients. */
function zeroedBeforeStep(loop: TrainingLoopFact): Fault | null {
  for (const [index, zero] of loop.events.entries()) {
    if (zero.kind !== "zero-grad" || zero.conditional) continue;
    const before = loop.events
      .slice(0, index)
      .reverse()
      .find((event) => isBackward(event) || isStep(event));
    const after = loop.events.slice(index + 1).find((event) => isBackward(event) || isStep(event));
    if (before === undefined || after === undefined || !isBackward(before) || !isStep(after)) continue;
    if (before.conditional || after.conditional || !isSameOptimizer(zero, after)) continue;
    return {
      event: zero,
      step: after,
      message:
        "The gradients are zeroed between the backward pass and the step, so the step has nothing to apply and the weights do not learn. Zero them before the backward pass.",
    };
  }
  return null;
}

/** Known to be the same, or both built elsewhere and under one name. */
function isSameOptimizer(zero: TrainingEvent, step: TrainingEvent): boolean {
  if (zero.optimizers.some((each) => step.optimizers.includes(each))) return true;
  return (
    zero.optimizers.length + step.optimizers.length === 0 && zero.subject !== null && zero.subject === step.subject
  );
}
