import type { EvaluationModeFact } from "../facts/evaluationModeFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { torchName } from "./pytorchImports.ts";
import { indentationOf, insertLinesBefore, lineStart } from "./sourceLines.ts";

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
  if (fact.recordsGraph) {
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
