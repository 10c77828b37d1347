import { areExclusive, runsWith } from "../facts/eventBranches.ts";
import { isBackward, isStep } from "../facts/eventKinds.ts";
import type { LossScalerMisuse } from "../facts/lossScalerFacts.ts";
import type { TrainingEvent, TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";
import { isOffByDefault } from "./trainingContext.ts";

export const lossScalerMisuse: Rule = {
  name: "loss-scaler-misuse",
  severity: "error",
  title: "A GradScaler is used in part, out of order or too often",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/docs/stable/notes/amp_examples.html",
    "torch 2.13 amp/grad_scaler.py L302-346 (unscale_), L348-437 (step), L439-502 (update)",
  ],
  check(context, report) {
    const seen = new Set<number>();
    for (const loop of context.facts.loops) {
      if (loop.framework !== "pytorch" || loop.wrappedBy !== null || loop.gradScaler === null) continue;
      if (loop.events.some(({ kind }) => kind === "unknown-call-with-model")) continue;
      const enabled = loop.gradScalerEnabled;
      const offByDefault = isOffByDefault(enabled);
      if (offByDefault && enabled.known && !enabled.overridable) continue;
      for (const misuse of misusesIn(context.facts, loop, loop.gradScaler)) {
        if (seen.has(misuse.event.start)) continue;
        seen.add(misuse.event.start);
        const draft = context.fixesOf(loop.framework).correctScalerCall(context, loop, misuse);
        const { step } = misuse;
        const because = misuse.kind === "unscaled-twice" ? "unscaled here already" : "the step is here";
        report({
          start: misuse.event.start,
          end: misuse.event.end,
          severity: offByDefault ? "warning" : "error",
          message: messages[misuse.kind](misuse.scaler),
          fixes: gradedFix(draft, "safe"),
          related:
            step === misuse.event
              ? []
              : [{ path: context.facts.path, start: step.start, end: step.end, message: because }],
        });
      }
    }
  },
};

const messages: Readonly<Record<LossScalerMisuse["kind"], (scaler: string) => string>> = {
  "direct-step": (scaler) =>
    `The loss was scaled for the backward pass and this step takes the gradients as they are, up to 65,536 times too large and with their infinities. Step with ${scaler}.step(optimizer), which unscales them and skips the step when they overflow.`,
  "unguarded-step": (scaler) =>
    `The scaled backward pass overflows now and then, and this step takes its infinities into the weights, since only ${scaler}.step skips such a step. Step with ${scaler}.step(optimizer), which knows that the gradients are unscaled already.`,
  "unscaled-backward": (scaler) =>
    `This backward pass runs on the loss itself, and ${scaler}.step divides its gradients by the scale (65,536 at first), so almost nothing is left of the update. Call ${scaler}.scale(loss).backward().`,
  "no-update": (scaler) =>
    `Nothing ever calls ${scaler}.update(), so the scale never adapts and the second step raises a RuntimeError. Call it once after the step.`,
  "unscaled-twice": () =>
    "unscale_ runs a second time on the same optimizer before update(), which raises a RuntimeError. Unscale once, before the first use of the gradients.",
  "unscaled-every-micro-step": () =>
    "unscale_ runs in every micro-step, so the second one before a step raises a RuntimeError, and the sum would mix scaled and unscaled gradients. Unscale once, right before the step.",
  "update-every-micro-step": (scaler) =>
    `${scaler}.update() runs in every micro-step: without a step or unscale_ before it, it fails, and a scale that changes halfway mixes gradients of two scales. Call it once after the step.`,
};

function misusesIn(facts: TrainingFacts, loop: TrainingLoopFact, scaler: string): readonly LossScalerMisuse[] {
  const found: LossScalerMisuse[] = [];
  for (const [index, event] of loop.events.entries()) {
    if (event.kind === "optimizer-step") found.push(...directStep(loop, index, scaler));
    else if (event.kind === "backward") found.push(...unscaledBackward(facts, loop, index, scaler));
    else if (event.kind === "unscale") found.push(...unscaledAgain(loop, index, scaler));
    else if (event.kind === "scaler-update") found.push(...updatedTooOften(loop, index, scaler));
  }
  const isHandedOn = facts.lossScalerCalls.some(({ kind }) => kind === "update" || kind === "handed-on");
  const step = loop.events.findLast(({ kind }) => kind === "scaler-step");
  if (step !== undefined && !isHandedOn) found.push({ kind: "no-update", scaler, event: step, step });
  return found;
}

/** `scaler.scale(loss).backward()`, then `optimizer.step()` in the same iteration. */
function directStep(loop: TrainingLoopFact, index: number, scaler: string): readonly LossScalerMisuse[] {
  const event = loop.events[index];
  if (event === undefined) return [];
  const before = loop.events.slice(0, index).filter((each) => !areExclusive(each, event));
  const backward = before.findLast((each) => isBackward(each) || isStep(each) || each.kind === "unscale");
  const isUnscaled = backward?.kind === "unscale";
  if (backward?.kind !== "scaled-backward" && !isUnscaled) return [];
  // Somebody looks for infinities before the step.
  if (isUnscaled && (event.branches ?? []).some(({ test }) => /finite|nan|inf|scale/i.test(test))) return [];
  if (!runsWith(backward, event) && !runsWith(event, backward)) return [];
  const isOtherSide = ({ kind, ...each }: TrainingEvent) => kind === "scaler-step" && areExclusive(each, event);
  if (loop.events.some(isOtherSide) || loop.events.slice(index + 1).some(({ kind }) => kind === "scaler-step"))
    return [];
  return [{ kind: isUnscaled ? "unguarded-step" : "direct-step", scaler, event, step: event }];
}

/** `loss.backward()`, then `scaler.step(optimizer)` in the same iteration, and no scaled loss on the way. */
function unscaledBackward(
  facts: TrainingFacts,
  loop: TrainingLoopFact,
  index: number,
  scaler: string,
): readonly LossScalerMisuse[] {
  const event = loop.events[index];
  if (event === undefined || facts.lossScalerCalls.some(({ kind }) => kind === "scale" || kind === "handed-on"))
    return [];
  const after = loop.events.slice(index + 1).filter((each) => !areExclusive(each, event));
  const step = after.find((each) => isBackward(each) || isStep(each));
  if (step?.kind !== "scaler-step" || (!runsWith(step, event) && !runsWith(event, step))) return [];
  if (loop.events.some((each) => each.kind === "scaled-backward" && areExclusive(each, event))) return [];
  return [{ kind: "unscaled-backward", scaler, event, step }];
}

function unscaledAgain(loop: TrainingLoopFact, index: number, scaler: string): readonly LossScalerMisuse[] {
  const event = loop.events[index];
  if (event === undefined || (event.depth ?? 0) > 0) return [];
  const before = loop.events.slice(0, index).filter((each) => !areExclusive(each, event));
  const since = before.slice(before.findLastIndex(({ kind }) => kind === "scaler-update") + 1);
  const first = since.find(
    (each) =>
      each.kind === "unscale" && each.subject === event.subject && each.subject !== null && runsWith(each, event),
  );
  if (first !== undefined && (first.depth ?? 0) === 0) {
    return [{ kind: "unscaled-twice", scaler, event, step: first }];
  }
  const steps = loop.events.filter(({ kind }) => kind === "scaler-step");
  const own = loop.events.filter((each) => isClosing(each.kind) && !areExclusive(each, event));
  const rare = own.length > 0 && own.every(({ everyNth }) => everyNth === true);
  const backward = before.findLast(isBackward);
  const step = steps.find((each) => !areExclusive(each, event));
  if (!loop.accumulates || !rare || step === undefined || event.everyNth === true) return [];
  if (backward?.kind !== "scaled-backward" || backward.everyNth === true) return [];
  return [{ kind: "unscaled-every-micro-step", scaler, event, step }];
}

function updatedTooOften(loop: TrainingLoopFact, index: number, scaler: string): readonly LossScalerMisuse[] {
  const event = loop.events[index];
  if (event === undefined || !loop.accumulates || event.everyNth === true || (event.depth ?? 0) > 0) return [];
  const steps = loop.events.filter(({ kind }) => kind === "scaler-step");
  const [step] = steps;
  if (step === undefined || steps.some(({ everyNth }) => everyNth !== true)) return [];
  const backward = loop.events.find(({ kind }) => kind === "scaled-backward");
  if (backward === undefined || backward.everyNth === true) return [];
  return [{ kind: "update-every-micro-step", scaler, event, step }];
}

/** What ends a step with a scaler. */
function isClosing(kind: TrainingEvent["kind"]): boolean {
  return kind === "scaler-step" || kind === "scaler-update";
}
