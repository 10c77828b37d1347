import { type InlayHint, InlayHintKind, type Range } from "vscode-languageserver";
import type { OptimizerArgumentName, TrainingFacts } from "../facts/trainingFacts.ts";
import { optimizersHere } from "../facts/trainingFacts.ts";
import { literal } from "./hover.ts";
import { locationOf, offsetOf, type Program } from "./programs.ts";

/** Defaults that decide whether training holds, and that code mostly leaves unsaid. */
const shown: readonly OptimizerArgumentName[] = ["learningRate", "eps"];

/** The library's defaults that hold in an optimizer's call, written where they could be given: `, eps=1e-08`. */
export function inlayHints(program: Program, facts: TrainingFacts, uri: string, visible: Range): InlayHint[] {
  const from = offsetOf(program, uri, visible.start);
  const to = offsetOf(program, uri, visible.end);
  if (from === null || to === null || facts.language !== "python") return [];
  return optimizersHere(facts).flatMap((optimizer) => {
    const close = optimizer.end - 1;
    if (close < from || close > to || program.text[close] !== ")") return [];
    const implied = shown.flatMap((name) => {
      const argument = optimizer.arguments[name];
      return argument && !argument.given && argument.resolved.known
        ? [`${argument.keyword}=${literal(facts, argument.resolved.value)}`]
        : [];
    });
    const location = locationOf(program, { start: close, end: close });
    if (implied.length === 0 || location?.uri !== uri) return [];
    const before = program.text.slice(optimizer.nameRange.end, close).trimEnd();
    const separator = before.endsWith(",") || before.endsWith("(") ? "" : ", ";
    return [
      {
        position: location.range.start,
        label: `${separator}${implied.join(", ")}`,
        kind: InlayHintKind.Parameter,
        tooltip: "The library's default, which holds here.",
      },
    ];
  });
}
