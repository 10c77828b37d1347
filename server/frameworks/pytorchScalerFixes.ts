import type { LossScalerMisuse } from "../facts/lossScalerFacts.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { torchName } from "./pytorchImports.ts";
import { inSameFunction, steppedText } from "./pytorchStepFixes.ts";
import { indentationOf, insertLineAfter, insertLinesBefore, lineStart, wholeLines } from "./sourceLines.ts";
import { moveAfter, moveBefore } from "./statementMove.ts";

/** Puts one call of the scaler right; null where more than a line would have to change. */
export function correctScalerCall(
  context: FixContext,
  loop: TrainingLoopFact,
  misuse: LossScalerMisuse,
): FixDraft | null {
  const { text } = context;
  const { event, step } = misuse;
  if (loop.wrappedBy !== null) return null;
  switch (misuse.kind) {
    case "direct-step":
    case "unguarded-step":
      return stepByScaler(context, loop, event, misuse.scaler);
    case "unscaled-backward": {
      const edit = scaledBackward(text, event, misuse.scaler);
      return edit === null ? null : { title: `Scale the loss with ${misuse.scaler}.scale`, edits: [edit] };
    }
    case "no-update": {
      const insertion = insertLineAfter(text, event.statement, `${misuse.scaler}.update()`);
      return insertion === null ? null : { title: `Call ${misuse.scaler}.update() after the step`, edits: [insertion] };
    }
    case "unscaled-twice": {
      const lines = wholeLines(text, event.statement);
      if (lines === null || !hasNeighbour(text, event.statement)) return null;
      return { title: "Remove the second unscale_", edits: [{ ...lines, newText: "" }] };
    }
    case "unscaled-every-micro-step": {
      const clip = loop.events.find((each) => each.kind === "clip" && each.start > event.start);
      if (clip !== undefined && clip.everyNth !== true) return null;
      const target = clip !== undefined && clip.start < step.start ? clip : step;
      if (!inSameFunction(text, event, target) || (event.branches ?? []).length > 0) return null;
      const edits = moveBefore(text, event.statement, target.statement);
      return edits === null ? null : { title: "Unscale right before the step", edits };
    }
    case "update-every-micro-step": {
      if (!inSameFunction(text, event, step) || (event.branches ?? []).length > 0) return null;
      const edits = moveAfter(text, event.statement, step.statement);
      return edits === null ? null : { title: `Move ${misuse.scaler}.update() after the step`, edits };
    }
  }
}

function stepByScaler(
  { text }: FixContext,
  loop: TrainingLoopFact,
  event: TrainingEvent,
  scaler: string,
): FixDraft | null {
  const stepped = steppedText(text, event);
  if (stepped === null) return null;
  const edits: TextEdit[] = [{ start: event.start, end: event.end, newText: `${scaler}.step(${stepped.optimizer})` }];
  if (!new RegExp(`${escaped(scaler)}\\.update\\(`).test(text)) {
    const update = insertLineAfter(text, event.statement, `${scaler}.update()`);
    if (update === null || loop.events.filter(({ kind }) => kind === "optimizer-step").length > 1) return null;
    edits.push(update);
  }
  return { title: `Step with ${scaler}.step(${stepped.optimizer})`, edits };
}

function scaledBackward(text: string, event: TrainingEvent, scaler: string): TextEdit | null {
  const call = text.slice(event.start, event.end);
  const written = call.slice(0, Math.max(call.lastIndexOf(".backward("), 0));
  if (written === "" || /^torch\.autograd/.test(call)) return null;
  const inner = /^\([^()]*\)$/.test(written) ? written.slice(1, -1) : written;
  return { start: event.start, end: event.start + written.length, newText: `${scaler}.scale(${inner})` };
}

/** Another statement of the same block on the line before or after, so that a line may go. */
function hasNeighbour(text: string, statement: TextRange): boolean {
  const indentation = indentationOf(text, statement.start);
  const lines = wholeLines(text, statement);
  if (indentation === null || lines === null) return false;
  const next = /^(?:[ \t]*(?:#.*)?\r?\n)*([ \t]*)\S/.exec(text.slice(lines.end))?.[1];
  const previous = text.slice(0, lines.start).trimEnd();
  const before = /^[ \t]*/.exec(previous.slice(lineStart(previous, previous.length)))?.[0];
  return next === indentation || before === indentation;
}

/** A GradScaler in all its places: made after the optimizer, the loss scaled, gradients unscaled before a clip, step and update. */
export function addGradScaler(context: FixContext, loop: TrainingLoopFact): FixDraft | null {
  const { text, facts } = context;
  const [index, ...others] = loop.optimizers;
  const optimizer = index === undefined ? undefined : facts.optimizers[index];
  if (optimizer === undefined || others.length > 0 || loop.wrappedBy !== null) return null;
  const backwards = loop.events.filter(({ kind }) => kind === "backward");
  const steps = loop.events.filter(({ kind }) => kind === "optimizer-step");
  const [backward, step] = [backwards[0], steps[0]];
  if (backward === undefined || step === undefined || backwards.length > 1 || steps.length > 1) return null;
  const stepped = steppedText(text, step);
  if (stepped === null || backward.inlined || step.inlined || optimizer.boundTo !== stepped.optimizer) return null;
  const before = text.slice(lineStart(text, optimizer.start), optimizer.start).trimStart();
  const statement = { start: optimizer.start - before.length, end: optimizer.end };
  if (
    statement.end > loop.start ||
    /^[ \t]*(async[ \t]+)?(def|class)[ \t]/m.test(text.slice(statement.end, loop.start))
  )
    return null;
  const isOld = text.includes("torch.cuda.amp");
  const device = isOld ? "" : autocastDevice(text, statement.start);
  if (device === null) return null;
  const made = torchName(context, isOld ? "torch.cuda.amp" : "torch.amp", "GradScaler");
  if (made === null) return null;
  const creation = insertLineAfter(text, statement, `scaler = ${made.name}(${device})`);
  const scaled = scaledBackward(text, backward, "scaler");
  const update = insertLineAfter(text, step.statement, "scaler.update()");
  if (creation === null || scaled === null || update === null) return null;
  const clip = loop.events.find(({ kind, start }) => kind === "clip" && start > backward.start && start < step.start);
  const unscale =
    clip === undefined ? [] : [insertLinesBefore(text, clip.statement, [`scaler.unscale_(${stepped.optimizer})`])];
  if (unscale.includes(null) || clip?.inlined === true) return null;
  const edits = [creation, scaled, ...unscale.filter((edit) => edit !== null), update];
  const taken = { start: step.start, end: step.end, newText: `scaler.step(${stepped.optimizer})` };
  return { title: "Scale the loss with a GradScaler", edits: [...made.edits, ...edits, taken] };
}

/** The device as autocast is given it; null where that is a name that is not there yet, or calls something. */
function autocastDevice(text: string, place: number): string | null {
  const given = /\bautocast\(\s*(?:[^()]*?\bdevice_type\s*=\s*)?("\w+"|'\w+'|[A-Za-z_][\w.]*(?!\s*[\w.(=]))/.exec(
    text,
  )?.[1];
  if (given === undefined)
    return /\bautocast\(\s*(?:[^()]*?\bdevice_type\s*=\s*)?[A-Za-z_][\w.]*\s*\(/.test(text) ? null : '"cuda"';
  if (/^["']/.test(given)) return given;
  const [root = ""] = given.split(".");
  const isSet = new RegExp(`^[ \\t]*(?:${root}\\b[^=\\n]*=|def[ \\t][^\\n]*[(,]\\s*${root}\\b)`, "m");
  return isSet.test(text.slice(0, place)) ? given : null;
}

function escaped(name: string): string {
  return name.replace(/[^\w]/g, "\\$&");
}
