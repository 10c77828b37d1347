import { candidatesOfName } from "../facts/candidates.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { Call, DictionaryLiteral, Expression } from "../syntax/tree.ts";
import { rangeOf } from "../text/range.ts";
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

/** The last layer of every model that it can be; null where one is not read, or where they end differently. */
function lastLayer(model: Expression, scope: Scope, before: Call | null): Call | null {
  const models: { readonly call: Call; readonly scope: Scope }[] = [];
  linkedCalls(model, scope, (call, from) => {
    if (!/^tf\.(sequential|model)$/.test(qualifiedName(call.callee, from) ?? "")) return false;
    models.push({ call, scope: from });
    return true;
  });
  const layers = models.map((made) => lastLayerOf(made.call, made.scope, before));
  const [first] = layers;
  if (first === undefined || first === null) return null;
  const activation = layerActivation(first);
  return layers.every((layer) => layer !== null && layerActivation(layer) === activation) ? first : null;
}

/** Of `tf.sequential()` the last in its list or the last that is added; of `tf.model` the one that puts out its single output. */
function lastLayerOf(made: Call, scope: Scope, before: Call | null): Call | null {
  const options = made.arguments[0]?.value;
  if (terminalName(made.callee) === "model") {
    const output = options?.kind === "dictionary" ? entryOf(options, "outputs") : null;
    const applied = output === null ? null : certainCall(output, scope);
    if (applied === null || applied.call.callee.kind !== "attribute" || applied.call.callee.name !== "apply")
      return null;
    return asLayer(applied.call.callee.object, applied.scope);
  }
  const site = siteOf(made, scope.source);
  const name = site === null ? null : boundTo(site);
  const added = name === null ? [] : additions(name, scope, made, before);
  const last = added.at(-1);
  if (last !== undefined) {
    const isCertain = last.guard === null && last.loop === null && last.scope === scope;
    const layer = last.call.arguments[0]?.value;
    return isCertain && layer !== undefined ? asLayer(layer, scope) : null;
  }
  const layers = options?.kind === "dictionary" ? entryOf(options, "layers") : null;
  const item = layers?.kind === "list" ? layers.items.at(-1) : undefined;
  return item === undefined ? null : asLayer(item, scope);
}

function asLayer(expression: Expression, scope: Scope): Call | null {
  const made = certainCall(expression, scope);
  return made !== null && /^tf\.layers\.\w+$/.test(qualifiedName(made.call.callee, made.scope) ?? "")
    ? made.call
    : null;
}

/** What is added to a model by its name, between its making and its compiling or the next model of that name. */
function additions(name: string, scope: Scope, made: Call, before: Call | null): readonly CallSite[] {
  const { source } = scope;
  const next = (source.callsByTerminalName.get("sequential") ?? []).find(
    (site) => site.scope === scope && site.call.start > made.start && boundTo(site) === name,
  );
  const end = Math.min(
    next?.call.start ?? Number.POSITIVE_INFINITY,
    before !== null && siteOf(before, source)?.scope === scope ? before.start : Number.POSITIVE_INFINITY,
  );
  return (source.callsByTerminalName.get("add") ?? []).filter(
    ({ call, scope: from }) =>
      call.callee.kind === "attribute" &&
      dottedText(call.callee.object) === name &&
      (from === scope || name.includes(".")) &&
      call.start > made.start &&
      call.start < end,
  );
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
