import { areExclusive, runsWith } from "../facts/eventBranches.ts";
import { isBackward, isStep } from "../facts/eventKinds.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { FixDraft } from "../frameworks/framework.ts";
import { gradedFix } from "./gradedFix.ts";
import { placeOf } from "./relatedPlace.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const clipMisplaced: Rule = {
  name: "clip-misplaced",
  severity: "error",
  title: "Gradients are clipped where it has no effect, or the wrong one",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html",
    "https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation",
    "torch 2.13 nn/utils/clip_grad.py: an empty generator clips nothing",
  ],
  check(context, report) {
    const seen = new Set<number>();
    for (const loop of context.facts.loops) {
      if (loop.framework !== "pytorch" || loop.wrappedBy !== null) continue;
      if (loop.events.some(({ kind }) => kind === "unknown-call-with-model")) continue;
      for (const clip of loop.events) {
        if (clip.kind !== "clip" || seen.has(clip.start) || !limits(context.text, clip)) continue;
        const fault = beforeBackward(loop, clip) ?? afterStep(loop, clip) ?? everyMicroStep(loop, clip);
        const found = fault ?? ofAnotherOptimizer(context, loop, clip);
        if (found === null) continue;
        seen.add(clip.start);
        const draft = fault === null ? null : fixFor(context, loop, clip, fault.step);
        report({
          start: clip.start,
          end: clip.end,
          message: found.message,
          fixes: gradedFix(draft, "safe"),
          related: [placeOf(context.facts, found.step, "the optimizer steps here")],
        });
      }
    }
    for (const exhausted of context.facts.exhaustedParameters) {
      if (seen.has(exhausted.start)) continue;
      seen.add(exhausted.start);
      const { name, consumedBy, iterator } = exhausted;
      const when =
        consumedBy === "the optimizer" ? "the optimizer has already run through it" : "the first clip runs through it";
      report({
        start: exhausted.nameRange.start,
        end: exhausted.nameRange.end,
        message: `${name} is an iterator and ${when}, so ${consumedBy === "the optimizer" ? "this clip" : "every later clip"} sees no parameter and clips nothing. Keep the parameters in a list.`,
        fixes: gradedFix(context.fixesOf(exhausted.framework).listParameters(context, exhausted), "safe"),
        related: [placeOf(context.facts, iterator, "the iterator is made here")],
      });
    }
  },
};

interface Fault {
  readonly step: TrainingEvent;
  readonly message: string;
}

function fixFor(
  context: RuleContext,
  loop: TrainingLoopFact,
  clip: TrainingEvent,
  step: TrainingEvent,
): FixDraft | null {
  return context.fixesOf(loop.framework).moveClip(context, loop, clip, step);
}

/** A call of torch's clip functions whose threshold is not so high that it only reads the norm. */
function limits(text: string, { start, end }: TrainingEvent): boolean {
  const call = text.slice(start, end);
  return /clip_grad_(norm|value)_?\s*\(/.test(call) && !/\binf\b|["']inf|\d[eE]\d/.test(call);
}

/** The clip, then a backward pass, then the step: this iteration's gradients are never clipped. */
function beforeBackward(loop: TrainingLoopFact, clip: TrainingEvent): Fault | null {
  const index = loop.events.indexOf(clip);
  const around = relevant(loop, clip);
  if (around === null || around.some((event) => isBackward(event) && loop.events.indexOf(event) < index)) return null;
  const [next, ...later] = around.filter((event) => loop.events.indexOf(event) > index);
  if (next === undefined || !isBackward(next)) return null;
  if (around.some((event) => isStep(event) && loop.events.indexOf(event) < index)) return null;
  const step = later.find(isStep);
  if (step === undefined) return null;
  return {
    step,
    message:
      "The clip comes before the backward pass, when the gradients of this batch do not exist yet, so the step takes them unclipped. Clip between the backward pass and the step.",
  };
}

/** The step, then the clip, and no step after it until a new backward pass. */
function afterStep(loop: TrainingLoopFact, clip: TrainingEvent): Fault | null {
  const index = loop.events.indexOf(clip);
  const around = relevant(loop, clip);
  if (around === null) return null;
  const before = around.filter((event) => loop.events.indexOf(event) < index);
  const step = before.at(-1);
  const next = around.find((event) => loop.events.indexOf(event) > index);
  if (step === undefined || !isStep(step) || !runsWith(step, clip) || !before.some(isBackward)) return null;
  if (next !== undefined && isStep(next)) return null;
  return {
    step,
    message:
      "The clip comes after the step, which has already taken the gradients unclipped. Clip between the backward pass and the step.",
  };
}

/** Every micro-batch clips the sum so far, and the step comes only every n-th time. */
function everyMicroStep(loop: TrainingLoopFact, clip: TrainingEvent): Fault | null {
  if (!loop.accumulates || clip.everyNth === true || (clip.depth ?? 0) > 0) return null;
  const index = loop.events.indexOf(clip);
  const around = relevant(loop, clip);
  if (around === null) return null;
  const backward = around.findLast((event) => loop.events.indexOf(event) < index);
  const step = around.find((event) => loop.events.indexOf(event) > index);
  if (backward === undefined || step === undefined || !isBackward(backward) || !isStep(step)) return null;
  if (step.everyNth !== true || backward.everyNth === true || (backward.depth ?? 0) > 0) return null;
  return {
    step,
    message:
      "The clip runs in every micro-step, so what earlier micro-batches gave is cut down again each time and the sum is not the gradient of the whole batch. Clip once, right before the step.",
  };
}

/** Backward, the clip of one optimizer's parameters, the step of another. */
function ofAnotherOptimizer({ facts, text }: RuleContext, loop: TrainingLoopFact, clip: TrainingEvent): Fault | null {
  const [own] = clip.optimizers;
  if (own === undefined || clip.optimizers.length > 1) return null;
  const index = loop.events.indexOf(clip);
  const near = loop.events.filter((event) => isBackward(event) || isStep(event) || isClip(text, event));
  const before = near.filter((event) => !isClip(text, event)).findLast((event) => loop.events.indexOf(event) < index);
  const after = near.filter((event) => loop.events.indexOf(event) > index);
  const step = after.find((event) => isStep(event));
  if (before === undefined || !isBackward(before) || step === undefined) return null;
  const [other] = step.optimizers;
  if (other === undefined || step.optimizers.length > 1 || other === own) return null;
  const owned = facts.optimizers[own]?.parametersText;
  const stepped = facts.optimizers[other]?.parametersText;
  if (!areApart(owned, stepped)) return null;
  // Its own step may still follow, or another clip may limit what this one leaves.
  const untilZeroed = after.slice(0, after.findIndex(isBackward) < 0 ? undefined : after.findIndex(isBackward));
  if (untilZeroed.some((event) => isStep(event) && event.optimizers.includes(own))) return null;
  const mayClipOther = ({ optimizers }: TrainingEvent) => optimizers.length === 0 || optimizers.includes(other);
  if (near.some((event) => isClip(text, event) && mayClipOther(event))) return null;
  if (areExclusive(before, clip) || areExclusive(clip, step) || !runsWith(clip, step)) return null;
  return {
    step,
    message: `The clip limits the gradients of ${clip.subject ?? "one optimizer's parameters"}, and the step that follows is that of ${step.subject ?? "another optimizer"}, which takes its gradients unclipped. Clip the parameters of the optimizer that steps.`,
  };
}

/** Two nets by name, neither a part of the other: `actor.parameters()` and `critic.parameters()`. */
function areApart(one: string | null | undefined, other: string | null | undefined): boolean {
  const net = (text: string | null | undefined) => /^([\w.]+)\.parameters\(\)$/.exec(text ?? "")?.[1] ?? null;
  const [first, second] = [net(one), net(other)];
  if (first === null || second === null || first === second) return false;
  return !first.startsWith(`${second}.`) && !second.startsWith(`${first}.`);
}

/**
 * The backward passes and steps that matter to a clip, in order; null when it is not certain which step is the clip's. Those that
 * an iteration with the clip cannot run are left out.
 */
function relevant(loop: TrainingLoopFact, clip: TrainingEvent): readonly TrainingEvent[] | null {
  const steps = loop.events.filter(isStep);
  const subjects = new Set(steps.map(({ subject }) => subject));
  const mayBeOwn = (step: TrainingEvent): boolean =>
    clip.optimizers.length === 0 ||
    step.optimizers.length === 0 ||
    step.optimizers.some((each) => clip.optimizers.includes(each));
  const isCertain = clip.optimizers.length === 1 && steps.every(({ optimizers }) => optimizers.length === 1);
  if (subjects.size > 1 && !isCertain) return null;
  return loop.events.filter(
    (event) => (isBackward(event) || (isStep(event) && mayBeOwn(event))) && !areExclusive(event, clip),
  );
}

function isClip(text: string, event: TrainingEvent): boolean {
  return event.kind === "clip" && /clip/.test(text.slice(event.start, event.end));
}
