import { calledFunction } from "../facts/calledFunctions.ts";
import { subjectText, terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { LossScalerCallFact } from "../facts/lossScalerFacts.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
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
  const named = scalerNames(source);
  const classes = new Set([...source.classes.keys()].map(({ name }) => name));
  for (const { call, scope } of source.calls) {
    const { start, end, callee } = call;
    const method = callee.kind === "attribute" ? methods[callee.name] : undefined;
    if (callee.kind === "attribute" && method !== undefined && isScaler(callee.object, scope)) {
      const isBackward = method === "scale" && source.text.startsWith(".backward", end);
      const kind = isBackward ? "scaled-backward" : method;
      found.push({ start, end, framework: "pytorch", kind, scaler: subjectText(callee.object) ?? "scaler" });
      continue;
    }
    const handed = call.arguments.filter(({ value }) => isNamedScaler(value, named));
    if (handed.length === 0 || calledFunction(call, scope) !== null) continue;
    // A class or function of the file, whose own calls on the scaler are seen.
    const name = terminalName(callee) ?? "";
    if (source.functionsByName.has(name) || classes.has(name)) continue;
    for (const { value } of handed) {
      if (!isScaler(value, scope)) continue;
      found.push({ start, end, framework: "pytorch", kind: "handed-on", scaler: subjectText(value) ?? "scaler" });
    }
  }
  return found;
}

/** Names that the file gives to its GradScalers, by their last part. */
function scalerNames({ callsByTerminalName }: SourceIndex): ReadonlySet<string> {
  const made = ["GradScaler", "ShardedGradScaler"].flatMap((name) => callsByTerminalName.get(name) ?? []);
  return new Set(made.map((site) => boundTo(site)?.split(".").at(-1) ?? "scaler"));
}

function isNamedScaler(value: Expression, named: ReadonlySet<string>): boolean {
  if (value.kind !== "name" && value.kind !== "attribute") return false;
  return named.has(value.name) || /scaler/i.test(value.name);
}

function isScaler(receiver: Expression, scope: Scope): boolean {
  if (/scaler/i.test(terminalName(receiver) ?? "")) return true;
  return linkedCalls(receiver, scope, isGradScaler).size > 0;
}
