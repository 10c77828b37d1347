import { calledFunction } from "../facts/calledFunctions.ts";
import { candidatesOfName } from "../facts/candidates.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { Call, DictionaryLiteral, Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { boundTo } from "./boundTo.ts";
import { certainCall } from "./certainCalls.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { leaveOutActivation } from "./lossInputFixes.ts";
import { siteOf } from "./pytorchFlags.ts";

/** Losses that `compile` takes by name, all of probabilities. Source: tfjs-layers 4.22, src/losses.ts. */
const compiled: Readonly<Record<string, LossCallFact["applies"]>> = {
  categoricalCrossentropy: "softmax",
  sparseCategoricalCrossentropy: "softmax",
  binaryCrossentropy: "sigmoid",
};

/** Losses of `tf.losses` that take logits as the second argument. Source: tfjs-core 4.22, src/ops/losses. */
const ofLogits: Readonly<Record<string, LossCallFact["applies"]>> = {
  softmaxCrossEntropy: "softmax",
  sigmoidCrossEntropy: "sigmoid",
};

/** The cross-entropies whose input is known down to its last activation: `compile` with a name, and `tf.losses`. */
export function collectTfjsLossCalls(source: SourceIndex): readonly LossCallFact[] {
  return [...compiledLosses(source), ...directLosses(source)].toSorted((a, b) => a.start - b.start);
}

function compiledLosses(source: SourceIndex): readonly LossCallFact[] {
  return (source.callsByTerminalName.get("compile") ?? []).flatMap((site): readonly LossCallFact[] => {
    const { call, scope } = site;
    const options = call.arguments[0]?.value;
    if (call.callee.kind !== "attribute" || options?.kind !== "dictionary") return [];
    const loss = entryOf(options, "loss");
    const name = loss?.kind === "string" ? (loss.value ?? "") : "";
    const applies = Object.hasOwn(compiled, name) ? compiled[name] : undefined;
    const layer = applies === undefined ? null : lastLayer(call.callee.object, scope, call);
    const activation = layer === null ? null : layerActivation(layer);
    if (!loss || applies === undefined || layer === null || activation === null) return [];
    const place = { activation, activationRange: rangeOf(layer), operandRange: null };
    return [{ ...rangeOf(loss), framework: "tensorflowjs", loss: name, expects: "probabilities", applies, ...place }];
  });
}

function directLosses(source: SourceIndex): readonly LossCallFact[] {
  return Object.entries(ofLogits).flatMap(([loss, applies]) =>
    (source.callsByTerminalName.get(loss) ?? []).flatMap(({ call, scope }): readonly LossCallFact[] => {
      const logits = call.arguments[1];
      if (qualifiedName(call.callee, scope) !== `tf.losses.${loss}` || logits === undefined) return [];
      const found = appliedActivation(logits.value, scope, 0);
      return found === null
        ? []
        : [{ ...rangeOf(call), framework: "tensorflowjs", loss, expects: "logits", applies, ...found }];
    }),
  );
}

/** `tf.softmax(x)`, `x.softmax()`, and `model.apply(x)` of a model that ends in one. */
function appliedActivation(
  expression: Expression,
  scope: Scope,
  depth: number,
): Pick<LossCallFact, "activation" | "activationRange" | "operandRange"> | null {
  if (depth > 6) return null;
  if (expression.kind === "unknown") {
    // `model.predict(x) as tf.Tensor` is no node of its own.
    const [only, ...others] = expression.children;
    return only === undefined || others.length > 0 ? null : appliedActivation(only, scope, depth + 1);
  }
  if (expression.kind === "name") {
    const found = candidatesOfName(expression.name, expression, scope);
    const [only, ...others] = found.known ? found.candidates : [];
    if (only === undefined || others.length > 0 || only.position !== null) return null;
    return appliedActivation(only.expression, only.scope, depth + 1);
  }
  if (expression.kind !== "call") return null;
  const name = terminalName(expression.callee) ?? "";
  const isLibrary = /^tf\.(\w+)$/.test(qualifiedName(expression.callee, scope) ?? "");
  const receiver = expression.callee.kind === "attribute" ? expression.callee.object : null;
  const operand = isLibrary ? expression.arguments[0]?.value : (receiver ?? undefined);
  if (operand === undefined) return null;
  if (name === "softmax" || name === "sigmoid") {
    return { activation: name, activationRange: rangeOf(expression), operandRange: rangeOf(operand) };
  }
  if (name === "logSoftmax") {
    return { activation: "log-softmax", activationRange: rangeOf(expression), operandRange: rangeOf(operand) };
  }
  if (!/^(predict|apply)$/.test(name) || receiver === null) return null;
  const layer = lastLayer(receiver, scope, null);
  const activation = layer === null ? null : layerActivation(layer);
  if (layer === null || activation === null || activation === "none") return null;
  return { activation, activationRange: rangeOf(layer), operandRange: null };
}

/** The last layer of a `tf.sequential()`: of its list, or added last in the block that makes it. */
function lastLayer(model: Expression, scope: Scope, before: Call | null): Call | null {
  const made = certainCall(model, scope);
  if (made === null || qualifiedName(made.call.callee, made.scope) !== "tf.sequential") return null;
  const site = siteOf(made.call, scope.source);
  const name = site === null ? null : boundTo(site);
  const added = name === null ? [] : additions(name, made.scope, before);
  if (added === null) return null;
  const options = made.call.arguments[0]?.value;
  const layers = options?.kind === "dictionary" ? entryOf(options, "layers") : null;
  const last = added.at(-1)?.call.arguments[0]?.value ?? (layers?.kind === "list" ? layers.items.at(-1) : undefined);
  if (last?.kind !== "call") return null;
  return /^tf\.layers\.\w+$/.test(qualifiedName(last.callee, made.scope) ?? "") ? last : null;
}

/** What is added to a model by its name; null where a branch, a loop or a function of the file may add to it too. */
function additions(name: string, scope: Scope, before: Call | null): readonly CallSite[] | null {
  const { source } = scope;
  const added: CallSite[] = [];
  for (const site of source.callsByTerminalName.get("add") ?? []) {
    const { callee } = site.call;
    if (callee.kind !== "attribute" || dottedText(callee.object) !== name) continue;
    if (site.guard !== null || site.loop !== null) return null;
    if (site.scope === scope && (before === null || site.call.start < before.start)) added.push(site);
  }
  const isHandedOn = source.calls.some(
    ({ call, scope: from }) =>
      from === scope &&
      call.arguments.some(({ value }) => dottedText(value) === name) &&
      calledFunction(call, from) !== null &&
      /add|build|layer|head/i.test(terminalName(call.callee) ?? ""),
  );
  return isHandedOn ? null : added;
}

function layerActivation({ callee, arguments: given }: Call): LossCallFact["activation"] | null {
  const name = terminalName(callee);
  const options = given[0]?.value;
  if (name === "softmax") return "softmax";
  if (name !== "dense" && name !== "activation") return null;
  if (options?.kind !== "dictionary" || options.entries.some(({ key }) => key === null)) return null;
  const value = entryOf(options, "activation");
  if (value === null) return name === "dense" ? "none" : null;
  if (value.kind !== "string") return null;
  if (value.value === "softmax" || value.value === "sigmoid") return value.value;
  return value.value === "linear" ? "none" : null;
}

function entryOf(options: DictionaryLiteral, name: string): Expression | null {
  return (
    options.entries.find(
      ({ key }) => (key?.kind === "name" ? key.name : key?.kind === "string" ? key.value : null) === name,
    )?.value ?? null
  );
}

function rangeOf({ start, end }: TextRange): TextRange {
  return { start, end };
}

/** Leaves an activation out, or gives the last layer the one that the loss expects. */
export function correctTfjsLossInput(context: FixContext, lossCall: LossCallFact): FixDraft | null {
  if (lossCall.expects === "logits") return leaveOutActivation(context, lossCall);
  if (lossCall.activation !== "none") return null;
  const layer = context.text.slice(lossCall.activationRange.start, lossCall.activationRange.end);
  const end = layer.match(/[^\s,{](\s*,?\s*)\}\s*\)$/);
  if (end?.index === undefined || /\bactivation\s*:/.test(layer)) return null;
  const at = lossCall.activationRange.start + end.index + 1;
  const quote = layer.includes('"') || /loss:\s*"/.test(context.text) ? '"' : "'";
  const newText = `, activation: ${quote}${lossCall.applies}${quote}`;
  return { title: `Give the last layer the activation ${lossCall.applies}`, edits: [{ start: at, end: at, newText }] };
}
