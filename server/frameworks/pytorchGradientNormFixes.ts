import { runsWith } from "../facts/eventBranches.ts";
import { isStep } from "../facts/eventKinds.ts";
import type { LossLogFact } from "../facts/lossLogFacts.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { extendLog } from "./logExtensions.ts";
import { torchName } from "./pytorchImports.ts";
import { indentOf, isUnscaled, parametersText, steppedText } from "./pytorchStepFixes.ts";
import { definitionAround, insertLinesBefore, quoteOf } from "./sourceLines.ts";

const variable = "grad_norm";

/** Where the norm comes from: edits that set it, and the event that they stand at. */
interface Measured {
  readonly edits: readonly TextEdit[];
  /** Null where the norm is read right at the log. */
  readonly at: TrainingEvent | null;
  readonly source: string;
}

/**
 * The norm that the clip returns, else one that is read from the gradients: at the log where they still stand there, so that other
 * steps pay nothing, else right before the step.
 */
export function logGradientNorm(context: FixContext, loop: TrainingLoopFact, log: LossLogFact): FixDraft | null {
  const { text } = context;
  const steps = loop.events.filter(isStep);
  const [step] = steps;
  const stepped = step === undefined ? null : steppedText(text, step);
  if (step === undefined || stepped === null || log.place === "caller") return null;
  if (steps.some((each) => steppedText(text, each)?.optimizer !== stepped.optimizer)) return null;
  const definition = definitionAround(text, step.start);
  if (definition !== definitionAround(text, log.statement.start)) return null;
  const logged = extendLog(text, log, variable, variable);
  const measured =
    logged === null ? null : (fromClip(text, loop, log) ?? fromGradients(context, loop, log, step, stepped));
  if (logged === null || measured === null) return null;
  const start = measured.at === null || isCertain(measured.at, log) ? [] : startBefore(text, loop, definition);
  if (start === null) return null;
  return { title: `Log the gradient norm ${measured.source}`, edits: [...start, ...measured.edits, ...logged] };
}

/** `grad_norm = clip_grad_norm_(…)`: it returns the norm before clipping (torch 2.13 nn/utils/clip_grad.py L185-231). */
function fromClip(text: string, { events, wrappedBy }: TrainingLoopFact, log: LossLogFact): Measured | null {
  const clips = events.filter(({ kind }) => kind === "clip");
  const [clip] = clips;
  if (clip === undefined || clips.length > 1 || clip.end > log.start) return null;
  if (clip.start !== clip.statement.start || wrappedBy === "Lightning") return null;
  const name = /^([\w.]+)\(/.exec(text.slice(clip.start, clip.end))?.[1] ?? "";
  if (!/(^|\.)clip_grad_norm_?$/.test(name)) return null;
  if (definitionAround(text, clip.start) !== definitionAround(text, log.statement.start)) return null;
  const edit = { start: clip.start, end: clip.start, newText: `${variable} = ` };
  return { edits: [edit], at: clip, source: `that ${name.split(".").at(-1)} returns` };
}

function fromGradients(
  context: FixContext,
  loop: TrainingLoopFact,
  log: LossLogFact,
  step: TrainingEvent,
  stepped: { readonly optimizer: string; readonly scaler: string | null },
): Measured | null {
  const { text } = context;
  if (loop.events.some(({ kind }) => kind === "clip")) return null;
  const parameters = parametersText(context, loop, step, stepped.optimizer);
  if (loop.wrappedBy === "Accelerate") return byAccelerator(text, loop, log, step, parameters);
  const stack = torchName(context, "torch", "stack");
  if (stack === null) return null;
  const line = `${variable} = ${normOf(parameters, stack.name, text)}`;
  const isZeroed = loop.events.some(
    ({ kind, start }) => kind === "zero-grad" && step.end <= start && start < log.start,
  );
  if (log.start > step.end && !isZeroed && !loop.accumulates) {
    const edit = insertLinesBefore(text, log.statement, [line]);
    return edit === null ? null : { edits: [...stack.edits, edit], at: null, source: "beside the loss" };
  }
  if (log.start < step.end || loop.wrappedBy !== null) return null;
  const unscale =
    stepped.scaler === null || isUnscaled(loop, step) ? [] : [`${stepped.scaler}.unscale_(${stepped.optimizer})`];
  const edit = insertLinesBefore(text, step.statement, [...unscale, line]);
  return edit === null ? null : { edits: [...stack.edits, edit], at: step, source: "beside the loss" };
}

/** Its clip unscales and returns the norm (accelerate 1.15 accelerator.py L2989-3048); at infinity it clips nothing. */
function byAccelerator(
  text: string,
  loop: TrainingLoopFact,
  log: LossLogFact,
  step: TrainingEvent,
  parameters: string,
): Measured | null {
  const backward = loop.events.findLast(({ kind, start }) => kind === "backward" && start < step.start);
  if (backward === undefined || step.statement.start !== step.start || log.start < step.end) return null;
  const accelerator = /^([\w.]+)\.backward\(/.exec(text.slice(backward.start, backward.end))?.[1];
  if (accelerator === undefined) return null;
  const quote = quoteOf(text);
  const line = `${variable} = ${accelerator}.clip_grad_norm_(${parameters}, float(${quote}inf${quote}))`;
  // Unscaling is once a step: not in every micro-batch of an accumulation.
  const isAccumulated =
    /accumulat/i.test(text) && !(step.branches ?? []).some(({ test }) => /sync_gradients|%/.test(test));
  const lines = isAccumulated ? [`if ${accelerator}.sync_gradients:`, `${indentOf(text)}${line}`] : [line];
  const edit = insertLinesBefore(text, step.statement, lines);
  const at = isAccumulated ? { ...step, branches: [{ test: "sync_gradients", taken: true }] } : step;
  return edit === null ? null : { edits: [edit], at, source: "beside the loss" };
}

/** One norm over all gradients, on the device: nothing waits for it until it is logged. */
export function normOf(parameters: string, stack: string, text: string): string {
  const quote = quoteOf(text);
  const all = /^\[p for group in ([\w.[\]"']+)\.param_groups for p in group\[/.exec(parameters)?.[1];
  const each =
    all === undefined ? `p in ${parameters}` : `group in ${all}.param_groups for p in group[${quote}params${quote}]`;
  return `${stack}([p.grad.norm() for ${each} if p.grad is not None]).norm()`;
}

function isCertain(at: TrainingEvent, log: LossLogFact): boolean {
  if (log.place !== "iteration") return (at.branches ?? []).length === 0;
  return runsWith(at, log);
}

/** What the log shows until the first norm is known. */
function startBefore(text: string, loop: TrainingLoopFact, definition: number): readonly TextEdit[] | null {
  if (loop.header.start !== loop.start || definitionAround(text, loop.start) !== definition) return null;
  const quote = quoteOf(text);
  const edit = insertLinesBefore(text, { start: loop.start, end: loop.end }, [
    `${variable} = float(${quote}nan${quote})`,
  ]);
  return edit === null ? null : [edit];
}
