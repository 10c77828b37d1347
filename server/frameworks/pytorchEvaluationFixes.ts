import type { EvaluationModeFact } from "../facts/evaluationModeFacts.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { torchName } from "./pytorchImports.ts";
import {
  definitionAround,
  indentationOf,
  insertLinesBefore,
  lineContentEnd,
  lineEndOf,
  lineStart,
} from "./sourceLines.ts";

/** `eval()` and `no_grad` around a validation pass, and `train()` before the training that goes on. */
export function setEvaluationMode(context: FixContext, fact: EvaluationModeFact): FixDraft | null {
  const { text } = context;
  const { validation, models, trainBefore } = fact.edit;
  const edits: TextEdit[] = [];
  if (fact.fault === "left-in-evaluation") {
    const back =
      trainBefore === null ? null : insertLinesBefore(text, trainBefore.statement, [`${trainBefore.receiver}.train()`]);
    return back === null
      ? null
      : { title: `Call ${trainBefore?.receiver}.train() before training goes on`, edits: [back] };
  }
  if (validation === null) return null;
  const calls = fact.fault === "training-mode" ? models.map((model) => `${model}.eval()`) : [];
  if (fact.fault === "training-mode" && calls.length === 0) return null;
  if (trainBefore !== null) {
    const back = insertLinesBefore(text, trainBefore.statement, [`${trainBefore.receiver}.train()`]);
    if (back === null) return null;
    edits.push(back);
  }
  const inFunction = evaluationFunction(text, validation);
  if (fact.recordsGraph && inFunction !== null) {
    const noGrad = torchName(context, "torch", "no_grad");
    const decoration = noGrad === null ? null : insertDecorator(text, inFunction.definition, `@${noGrad.name}()`);
    const before = calls.length === 0 ? [] : insertLinesBefore(text, inFunction.outermost, calls);
    if (noGrad === null || decoration === null || before === null) return null;
    edits.push(...noGrad.edits, decoration, ...[before].flat());
  } else if (fact.recordsGraph) {
    const wrapped = withoutGradients(context, validation, calls);
    if (wrapped === null) return null;
    edits.push(...wrapped);
  } else {
    const insertion = insertLinesBefore(text, validation, calls);
    if (insertion === null) return null;
    edits.push(insertion);
  }
  const parts = [...calls, ...(fact.recordsGraph ? ["torch.no_grad()"] : [])];
  return { title: `Validate under ${parts.join(" and ")}`, edits };
}

/** Names of functions that only evaluate. */
const evaluates = /eval|valid|test|predict|infer|accuracy|score/i;
/** What a function that only evaluates does not do. */
const trains = /\.backward\(|\.step\(|\.train\(\)|autograd\.grad|enable_grad|requires_grad|\byield\b|jit\.script/;

/**
 * The function that a validation pass stands in, where it does nothing but evaluate, with the outermost statement of its body that
 * holds the pass in loops; null for other code.
 */
function evaluationFunction(
  text: string,
  statement: TextRange,
): { readonly definition: TextRange; readonly outermost: TextRange } | null {
  const start = definitionAround(text, statement.start);
  const head = start < 0 ? null : /^([ \t]*)def[ \t]+(\w+)/.exec(text.slice(start));
  const indentation = head?.[1];
  if (indentation === undefined || !evaluates.test(head?.[2] ?? "")) return null;
  let outermost = { start: statement.start, end: statement.end };
  let column = statement.start - lineStart(text, statement.start);
  for (let line = lineStart(text, statement.start); line > start; line = lineStart(text, line - 1)) {
    const opening = /^([ \t]*)(for|while)\b/.exec(text.slice(line));
    const own = opening?.[1]?.length;
    if (own === undefined || own >= column) continue;
    outermost = { start: line + own, end: line + own };
    column = own;
  }
  const rest = text.slice(lineContentEnd(text, start));
  const next = new RegExp(`\\n(?!${indentation}[ \\t])[ \\t]*[^\\s#)\\]}]`).exec(rest);
  const end = next === null ? text.length : lineContentEnd(text, start) + next.index;
  if (trains.test(text.slice(start, end))) return null;
  return { definition: { start: start + indentation.length, end }, outermost };
}

/** A decorator right above the `def`, below those that it has. */
function insertDecorator(text: string, { start }: TextRange, decorator: string): TextEdit | null {
  const indentation = indentationOf(text, start);
  if (indentation === null) return null;
  return { start, end: start, newText: `${decorator}${lineEndOf(text)}${indentation}` };
}

/** A statement one level deeper, under `with torch.no_grad():`. */
function withoutGradients(
  context: FixContext,
  statement: { readonly start: number; readonly end: number },
  before: readonly string[],
): readonly TextEdit[] | null {
  const { text } = context;
  const noGrad = torchName(context, "torch", "no_grad");
  const indentation = indentationOf(text, statement.start);
  const whole = text.slice(statement.start, statement.end);
  // A string of several lines would change with its lines.
  if (noGrad === null || indentation === null || /"""|'''/.test(whole)) return null;
  const body = /\n([ \t]+)\S/.exec(whole)?.[1];
  const unit = body?.startsWith(indentation) === true ? body.slice(indentation.length) : "    ";
  const opening = insertLinesBefore(text, statement, [...before, `with ${noGrad.name}():`]);
  if (opening === null || unit === "") return null;
  const deeper: TextEdit[] = [];
  for (let line = lineStart(text, statement.start); line < statement.end; ) {
    const next = text.indexOf("\n", line);
    const end = next < 0 ? text.length : next;
    if (text.slice(line, end).trim() !== "" && line !== lineStart(text, statement.start))
      deeper.push({ start: line, end: line, newText: unit });
    line = end + 1;
  }
  return [...noGrad.edits, { ...opening, newText: `${opening.newText}${unit}` }, ...deeper];
}
