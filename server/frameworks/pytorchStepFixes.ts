import { isBackward, isStep } from "../facts/eventKinds.ts";
import type { OptimizerFact, TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { torchName } from "./pytorchImports.ts";
import { insertLineAfter, insertLinesBefore, lineStart, quoteOf, wholeLines } from "./sourceLines.ts";
import { moveBefore } from "./statementMove.ts";

/** The clip line right before the step, after `unscale_` where a GradScaler steps; null under wrappers and for closures. */
export function clipGradientNorm(
  context: FixContext,
  loop: TrainingLoopFact,
  step: TrainingEvent,
  maximumNorm: number,
): FixDraft | null {
  const { text } = context;
  const stepped = steppedText(text, step);
  if (loop.clipsOnlyWhenAsked === true) return clipByWrapper(context, loop, step, maximumNorm);
  if (loop.wrappedBy !== null || stepped === null) return null;
  // Stepped past its scaler, the optimizer gets gradients that are still scaled: no threshold fits them.
  if (stepped.scaler === null && loop.events.some(({ kind }) => kind === "scaled-backward")) return null;
  const parameters = parametersText(context, loop, step, stepped.optimizer);
  const clip = torchName(context, "torch.nn.utils", "clip_grad_norm_");
  if (clip === null) return null;
  const norm = decimal(maximumNorm);
  const lines: string[] = [];
  if (stepped.scaler !== null && !isUnscaled(loop, step))
    lines.push(`${stepped.scaler}.unscale_(${stepped.optimizer})`);
  lines.push(`${clip.name}(${parameters}, ${norm})`);
  const insertion = insertLinesBefore(text, step.statement, lines);
  if (insertion === null) return null;
  const title = `Clip the gradient norm to ${norm} before ${stepped.scaler ?? stepped.optimizer}.step()`;
  return { title, edits: [...clip.edits, insertion] };
}

/** The wrapper's own clip, which knows of the loss scale and of sharded parameters. */
function clipByWrapper(
  context: FixContext,
  loop: TrainingLoopFact,
  step: TrainingEvent,
  maximumNorm: number,
): FixDraft | null {
  const { text } = context;
  const stepped = steppedText(text, step);
  const backward = loop.events.findLast(({ kind, start }) => kind === "backward" && start < step.start);
  if (stepped === null || backward === undefined || !inSameFunction(text, backward, step)) return null;
  const wrapper = /^([\w.]+)\.(?:manual_)?backward\(/.exec(text.slice(backward.start, backward.end))?.[1];
  if (wrapper === undefined) return null;
  const norm = decimal(maximumNorm);
  const { optimizer } = stepped;
  const lines =
    loop.wrappedBy === "Accelerate"
      ? accelerateLines(wrapper, parametersText(context, loop, step, optimizer), norm, text, backward, step)
      : [`${wrapper}.clip_gradients(${optimizer}, gradient_clip_val=${norm}, gradient_clip_algorithm="norm")`];
  const insertion = insertLinesBefore(text, step.statement, lines);
  return insertion === null
    ? null
    : { title: `Clip the gradient norm to ${norm} before ${optimizer}.step()`, edits: [insertion] };
}

/** Only where gradients are whole (accelerate 1.15 accelerator.py L2989–3048). */
function accelerateLines(
  accelerator: string,
  parameters: string,
  norm: string,
  text: string,
  backward: TrainingEvent,
  step: TrainingEvent,
): readonly string[] {
  const clip = `${accelerator}.clip_grad_norm_(${parameters}, ${norm})`;
  const isSynchronized = step.conditional && /sync_gradients/.test(text.slice(backward.end, step.start));
  return isSynchronized ? [clip] : [`if ${accelerator}.sync_gradients:`, `${indentOf(text)}${clip}`];
}

/** One level of indentation: that of the first block. */
export function indentOf(text: string): string {
  const block =
    /^([ \t]*)(?:async |def|class|for|if|else|while|with|try)\b[^\n]*:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*\r?\n)*\1([ \t]+)\S/m;
  return block.exec(text)?.[2] ?? "    ";
}

/** `unscale_` on its own line before the clip; one that stands between clip and step is moved up. */
export function unscaleBeforeClip(context: FixContext, loop: TrainingLoopFact, clip: TrainingEvent): FixDraft | null {
  const { text } = context;
  const position = loop.events.indexOf(clip);
  // A hand-written loop over gradients would run `unscale_` once a parameter.
  if (loop.wrappedBy !== null || !/clip/i.test(text.slice(clip.start, clip.end).split("(")[0] ?? "")) return null;
  const after = loop.events.slice(position + 1);
  const step =
    after.find((event) => event.kind === "scaler-step" && sharesOptimizer(event, clip)) ??
    after.find((event) => event.kind === "scaler-step");
  const stepped = step === undefined ? null : steppedText(text, step);
  if (step === undefined || stepped === null || stepped.scaler === null) return null;
  if (!inSameFunction(text, clip, step)) return null;
  const edits: TextEdit[] = [];
  const insertion = insertLinesBefore(text, clip.statement, [`${stepped.scaler}.unscale_(${stepped.optimizer})`]);
  if (insertion === null) return null;
  edits.push(insertion);
  const late = after.find((event) => event.kind === "unscale" && event.start < step.start);
  if (late !== undefined) {
    const lines = wholeLines(text, late.statement);
    if (lines === null || late.inlined !== clip.inlined) return null;
    edits.push({ ...lines, newText: "" });
  }
  return { title: `Unscale the gradients of ${stepped.optimizer} before clipping`, edits };
}

/** `zero_grad` before backward (after the step where steps are rarer than backward passes), or the misplaced one moved there. */
export function zeroGradients(context: FixContext, loop: TrainingLoopFact): FixDraft | null {
  const { text } = context;
  if (loop.wrappedBy !== null) return null;
  const backward = loop.events.find(isBackward);
  const steps = loop.events.filter(isStep);
  const [step] = steps;
  const stepped = step === undefined ? null : steppedText(text, step);
  if (backward === undefined || step === undefined || stepped === null) return null;
  const misplaced = misplacedZero(loop);
  if (misplaced !== null) return moveBeforeBackward(text, misplaced, backward);
  if (loop.events.some(({ kind }) => kind === "zero-grad")) return null;
  if (steps.some((each) => steppedText(text, each)?.optimizer !== stepped.optimizer)) return null;
  const line = `${stepped.optimizer}.zero_grad()`;
  const title = `Zero the gradients with ${line}`;
  if (loop.accumulates) {
    const insertion = insertLineAfter(text, step.statement, line);
    return insertion === null ? null : { title, edits: [insertion] };
  }
  if (!inSameFunction(text, backward, step)) return null;
  const insertion = insertLinesBefore(text, backward.statement, [line]);
  return insertion === null ? null : { title, edits: [insertion] };
}

/** A `zero_grad` that stands between backward and step, so that the step sees no gradient. */
function misplacedZero(loop: TrainingLoopFact): TrainingEvent | null {
  let seenBackward = false;
  let zero: TrainingEvent | null = null;
  for (const event of loop.events) {
    if (/backward$/.test(event.kind)) {
      seenBackward = true;
      zero = null;
    } else if (event.kind === "zero-grad" && seenBackward && !event.conditional) zero ??= event;
    else if (/step$/.test(event.kind) && event.kind !== "scheduler-step") {
      if (zero !== null) return zero;
      seenBackward = false;
    }
  }
  return null;
}

function moveBeforeBackward(text: string, event: TrainingEvent, backward: TrainingEvent): FixDraft | null {
  const edits = inSameFunction(text, event, backward) ? moveBefore(text, event.statement, backward.statement) : null;
  const call = text.slice(event.statement.start, event.statement.end);
  return edits === null ? null : { title: `Move ${call} before backward()`, edits };
}

/** What a step call names: its optimizer, and its scaler where it has one; null for closures and calls of another form. */
export function steppedText(
  text: string,
  step: TrainingEvent,
): { readonly optimizer: string; readonly scaler: string | null } | null {
  const call = text.slice(step.start, step.end);
  if (step.kind === "scaler-step") {
    const parts = call.match(/^([\w.[\]"']+)\.step\(\s*([\w.[\]"']+)\s*,?\s*\)$/);
    return parts?.[1] === undefined || parts[2] === undefined ? null : { optimizer: parts[2], scaler: parts[1] };
  }
  const receiver = call.match(/^([\w.[\]"']+)\.step\(\s*\)$/)?.[1];
  return receiver === undefined ? null : { optimizer: receiver, scaler: null };
}

/**
 * The parameters as the optimizer got them, when that text means the same at the step; else all that the optimizer holds. A text
 * that can be an exhausted iterator is never written again.
 */
export function parametersText(
  context: FixContext,
  loop: TrainingLoopFact,
  step: TrainingEvent,
  optimizer: string,
): string {
  const { text, facts } = context;
  const built = step.optimizers.flatMap((index) => facts.optimizers[index] ?? []);
  const texts = new Set(built.map((each) => (isReusable(each) ? each.parametersText : null)));
  const [only] = texts;
  if (texts.size === 1 && only !== undefined && only !== null && isNamedNear(text, loop, step, only)) return only;
  const quote = quoteOf(text);
  return `[p for group in ${optimizer}.param_groups for p in group[${quote}params${quote}]]`;
}

function isReusable({ parametersText, hasParameterGroups }: OptimizerFact): boolean {
  return !hasParameterGroups && parametersText !== null && /^[\w.]+\.parameters\(\)$/.test(parametersText);
}

/** The object of `model.parameters()` is spoken of in the loop, or in the function that steps, as the same name. */
function isNamedNear(text: string, loop: TrainingLoopFact, step: TrainingEvent, parameters: string): boolean {
  const object = parameters.slice(0, -".parameters()".length);
  const near = step.inlined ? enclosingDefinition(text, step.start) : text.slice(loop.start, loop.end);
  const isNear = new RegExp(`(?<![\\w.])${object.replaceAll(".", "\\.")}(?!\\w)`);
  return isNear.test(near) || (!step.inlined && isNear.test(enclosingDefinition(text, loop.start)));
}

/** The text from the nearest `def` above an offset to the offset's line, or from the start of the file. */
function enclosingDefinition(text: string, offset: number): string {
  const definition = text.lastIndexOf("def ", offset);
  return text.slice(Math.max(definition, 0), lineStart(text, offset));
}

export function inSameFunction(text: string, one: TrainingEvent, other: TrainingEvent): boolean {
  if (one.inlined !== other.inlined) return false;
  const between = text.slice(Math.min(one.start, other.start), Math.max(one.end, other.end));
  return !/^[ \t]*(async[ \t]+)?(def|class)[ \t]/m.test(between);
}

function sharesOptimizer(one: TrainingEvent, other: TrainingEvent): boolean {
  return one.optimizers.some((index) => other.optimizers.includes(index));
}

/** Gradients are already unscaled when the step comes: an `unscale_` after the last backward pass. */
export function isUnscaled(loop: TrainingLoopFact, step: TrainingEvent): boolean {
  const before = loop.events.slice(0, loop.events.indexOf(step));
  const unscale = before.findLastIndex(
    (event) => event.kind === "unscale" && (event.optimizers.length === 0 || sharesOptimizer(event, step)),
  );
  const backward = before.findLastIndex((event) => /backward$/.test(event.kind));
  return unscale > backward;
}

/** A number as Python programmers write a float: `1.0`, `0.5`. */
function decimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
