import type { ExhaustedParametersFact } from "../facts/exhaustedParametersFacts.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { inSameFunction, isUnscaled, steppedText } from "./pytorchStepFixes.ts";
import { indentationOf, insertLinesBefore, lineContentEnd, lineStart } from "./sourceLines.ts";
import { moveBefore } from "./statementMove.ts";

/** The clip's line right before the step; with `unscale_`, which goes along or is put in, where a GradScaler steps. */
export function moveClip(
  { text }: FixContext,
  loop: TrainingLoopFact,
  clip: TrainingEvent,
  step: TrainingEvent,
): FixDraft | null {
  const stepped = steppedText(text, step);
  if (loop.wrappedBy !== null || stepped === null || !inSameFunction(text, clip, step)) return null;
  if ((clip.depth ?? 0) !== (step.depth ?? 0) || isReadBefore(text, clip, step)) return null;
  if (isReadOutside(text, clip, step)) return null;
  const steps = new Set((step.branches ?? []).map(({ test }) => test));
  const own = (clip.branches ?? []).filter(({ test }) => !steps.has(test));
  // Out of an `if` of its own, the clip would lose its condition, and the `if` its body: they go together.
  const moved = own.length === 0 ? clip.statement : own.length === 1 ? ifAround(text, clip.statement) : null;
  const move = moved === null ? null : moveBefore(text, moved, step.statement);
  if (move === null) return null;
  const unscaling = stepped.scaler === null ? [] : unscaleEdits(text, loop, clip, step, stepped);
  if (unscaling === null) return null;
  return {
    title: `Move the clip right before ${stepped.scaler ?? stepped.optimizer}.step()`,
    edits: [...unscaling, ...move],
  };
}

/** The `if` that holds a statement and nothing else. */
function ifAround(text: string, statement: TextRange): TextRange | null {
  const indentation = indentationOf(text, statement.start);
  const above = lineStart(text, statement.start) - 1;
  if (indentation === null || above < 0) return null;
  const line = text.slice(lineStart(text, above), above).replace(/\r$/, "");
  const head = /^([ \t]*)if\b.*:\s*(#.*)?$/.exec(line)?.[1];
  if (head === undefined || head.length >= indentation.length) return null;
  const next = text.slice(lineContentEnd(text, statement.end)).match(/^\s*\n([ \t]*)(\w*)/);
  if (next !== null && ((next[1] ?? "").length > head.length || /^(else|elif)$/.test(next[2] ?? ""))) return null;
  return { start: lineStart(text, above) + head.length, end: statement.end };
}

/** Gradients have to be unscaled where the clip goes, and no more than once. */
function unscaleEdits(
  text: string,
  loop: TrainingLoopFact,
  clip: TrainingEvent,
  step: TrainingEvent,
  stepped: { readonly optimizer: string; readonly scaler: string | null },
): readonly TextEdit[] | null {
  const unscales = loop.events.filter(({ kind, start }) => kind === "unscale" && start < step.start);
  const [unscale, ...more] = unscales;
  if (unscale === undefined) {
    const insertion = insertLinesBefore(text, step.statement, [`${stepped.scaler}.unscale_(${stepped.optimizer})`]);
    return insertion === null ? null : [insertion];
  }
  if (more.length > 0) return null;
  if (
    isUnscaled(loop, step) &&
    indentationOf(text, unscale.statement.start) === indentationOf(text, step.statement.start)
  )
    return [];
  return inSameFunction(text, unscale, clip) ? moveBefore(text, unscale.statement, step.statement) : null;
}

/** The name that the clip's norm is given, as a pattern for where it is read; null where it is not kept. */
function normPattern(text: string, { statement }: TrainingEvent): RegExp | null {
  const name = /^([\w.]+)(?:\s*:[^=]+)?\s*=[^=]/.exec(text.slice(statement.start, statement.end))?.[1];
  return name === undefined ? null : new RegExp(`(?<![\\w.])${name.replaceAll(".", "\\.")}(?!\\w)`);
}

/** The norm that the clip returns is used between its old place and its new one. */
function isReadBefore(text: string, clip: TrainingEvent, step: TrainingEvent): boolean {
  if (clip.start > step.start) return false;
  return normPattern(text, clip)?.test(text.slice(clip.statement.end, step.statement.start)) === true;
}

/** The norm is used where the branch that the clip would move into has ended, and would not always be set. */
function isReadOutside(text: string, clip: TrainingEvent, step: TrainingEvent): boolean {
  const norm = normPattern(text, clip);
  const body = indentationOf(text, clip.statement.start)?.length;
  const branch = indentationOf(text, step.statement.start)?.length;
  if (norm === null || body === undefined || branch === undefined || branch <= body) return false;
  for (const line of text.slice(lineContentEnd(text, step.statement.end)).split("\n").slice(1)) {
    const indentation = /^[ \t]*/.exec(line)?.[0].length ?? 0;
    if (!/\S/.test(line) || indentation >= branch) continue;
    if (indentation < body) return false;
    if (norm.test(line)) return true;
  }
  return false;
}

/** A list can be run through as often as needed. */
export function listParameters({ text }: FixContext, { name, iterator }: ExhaustedParametersFact): FixDraft | null {
  const written = text.slice(iterator.start, iterator.end);
  const listed = written.startsWith("(") ? `list${written}` : `list(${written})`;
  return { title: `Keep ${name} in a list`, edits: [{ ...iterator, newText: listed }] };
}
