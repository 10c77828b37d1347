import { calledFunction } from "../facts/calledFunctions.ts";
import { subjectText, terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { LossScalerCallFact } from "../facts/lossScalerFacts.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";
import { isGradScaler } from "./pytorchEvents.ts";

const methods: Readonly<Record<string, LossScalerCallFact["kind"]>> = {
  scale: "scale",
  unscale_: "unscale",
  step: "step",
  update: "update",
};

/** What a file does with its GradScalers, in loops or not. */
export function collectTorchLossScalerCalls(source: SourceIndex): readonly LossScalerCallFact[] {
  if (!/scaler/i.test(source.text)) return [];
  const found: LossScalerCallFact[] = [];
  for (const { call, scope } of source.calls) {
    const { start, end, callee } = call;
    const method = callee.kind === "attribute" ? methods[callee.name] : undefined;
    if (callee.kind === "attribute" && method !== undefined && isScaler(callee.object, scope)) {
      const isBackward = method === "scale" && source.text.startsWith(".backward", end);
      const kind = isBackward ? "scaled-backward" : method;
      found.push({ start, end, framework: "pytorch", kind, scaler: subjectText(callee.object) ?? "scaler" });
      continue;
    }
    if (calledFunction(call, scope) !== null || definedInFile(callee, source)) continue;
    for (const { value } of call.arguments) {
      if ((value.kind !== "name" && value.kind !== "attribute") || !isScaler(value, scope)) continue;
      found.push({ start, end, framework: "pytorch", kind: "handed-on", scaler: subjectText(value) ?? "scaler" });
    }
  }
  return found;
}

/** A class or function of the file, whose own calls on the scaler are seen. */
function definedInFile(callee: Expression, source: SourceIndex): boolean {
  const name = terminalName(callee) ?? "";
  return source.functionsByName.has(name) || [...source.classes.keys()].some((each) => each.name === name);
}

function isScaler(receiver: Expression, scope: Scope): boolean {
  if (/scaler/i.test(terminalName(receiver) ?? "")) return true;
  return linkedCalls(receiver, scope, isGradScaler).size > 0;
}
