import { argumentFor } from "../facts/candidates.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { Argument, Call, Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { boundTo } from "./boundTo.ts";
import { type CertainCall, certainCall } from "./certainCalls.ts";
import { siteOf } from "./pytorchFlags.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** The cross-entropies of Keras, by their names without underscores and in lower case. */
const crossEntropies: Readonly<Record<string, LossCallFact["applies"]>> = {
  categoricalcrossentropy: "softmax",
  sparsecategoricalcrossentropy: "softmax",
  binarycrossentropy: "sigmoid",
};

/** The cross-entropies that a file compiles a model with, where the model's last layer is known. */
export function collectKerasLossCalls(source: SourceIndex): readonly LossCallFact[] {
  const facts: LossCallFact[] = [];
  for (const { call, scope } of source.callsByTerminalName.get("compile") ?? []) {
    if (call.callee.kind !== "attribute") continue;
    const given = argumentFor(call, "loss", 1);
    if (given === null || given === "unclear") continue;
    const loss = lossOf(given.value, scope);
    if (loss === null) continue;
    const model = certainCall(call.callee.object, scope);
    const layer = model === null ? null : lastLayer(model, call);
    const activation = layer === null ? null : activationOf(layer);
    if (layer === null || activation === null) continue;
    facts.push({
      ...rangeOf(given),
      framework: "keras",
      ...loss,
      activation,
      activationRange: rangeOf(layer.call),
      operandRange: null,
    });
  }
  return facts;
}

function lossOf(expression: Expression, scope: Scope): Pick<LossCallFact, "loss" | "expects" | "applies"> | null {
  if (expression.kind === "string") return named(expression.value ?? "", "probabilities");
  const reference = /^(name|attribute)$/.test(expression.kind) ? tensorflowName(expression, scope) : null;
  if (reference !== null) return named(reference.match(/^keras\.losses\.(\w+)$/)?.[1] ?? "", "probabilities");
  const made = certainCall(expression, scope);
  if (made === null) return null;
  const className = tensorflowName(made.call.callee, made.scope)?.match(/^keras\.losses\.([A-Z]\w+)$/)?.[1];
  if (className === undefined) return null;
  const given = argumentFor(made.call, "from_logits", 0);
  if (given === "unclear") return null;
  if (given === null) return named(className, "probabilities");
  const fromLogits = resolve(given.value, made.scope);
  if (!fromLogits.known || fromLogits.alternatives.length > 0) return null;
  return named(className, fromLogits.value === true ? "logits" : "probabilities");
}

function named(
  loss: string,
  expects: LossCallFact["expects"],
): Pick<LossCallFact, "loss" | "expects" | "applies"> | null {
  const key = loss.toLowerCase().replaceAll("_", "");
  const applies = Object.hasOwn(crossEntropies, key) ? crossEntropies[key] : undefined;
  return applies === undefined ? null : { loss, expects, applies };
}

/** The last layer of a `Sequential` (its list, or what is added to it) or of a functional `Model` with one output. */
function lastLayer({ call, scope }: CertainCall, compile: Call): CertainCall | null {
  const name = tensorflowName(call.callee, scope);
  if (name === "keras.Model" || name === "keras.models.Model") {
    const outputs = argumentFor(call, "outputs", 1) ?? argumentFor(call, "output", null);
    return outputs === null || outputs === "unclear" ? null : appliedLayer(outputs.value, scope);
  }
  if (name !== "keras.Sequential" && name !== "keras.models.Sequential") return null;
  const site = siteOf(call, scope.source);
  const bound = site === null ? null : boundTo(site);
  const added = bound === null ? [] : additions(bound, scope, call, compile);
  const last = added.at(-1);
  if (last !== undefined) {
    const first: Argument | undefined = last.call.arguments[0];
    const isCertain = added.every(({ guard, loop }) => guard === null && loop === null);
    return isCertain && first?.value.kind === "call" ? { call: first.value, scope: last.scope } : null;
  }
  const layers = argumentFor(call, "layers", 0);
  if (layers === null || layers === "unclear" || layers.value.kind !== "list") return null;
  const item = layers.value.items.at(-1);
  return item?.kind === "call" ? { call: item, scope } : null;
}

/** `model.add(…)` between the model's making and its compiling, or to the end of the function that makes it. */
function additions(model: string, scope: Scope, made: Call, compile: Call): readonly CallSite[] {
  return (scope.source.callsByTerminalName.get("add") ?? []).filter(
    (site) =>
      site.scope === scope &&
      site.call.callee.kind === "attribute" &&
      dottedText(site.call.callee.object) === model &&
      site.call.start > made.end &&
      (site.call.start < compile.start || compile.start < made.start) &&
      !isRebound(model, scope, made, site.call),
  );
}

/** The name is given another model between the two places. */
function isRebound(model: string, scope: Scope, made: Call, later: Call): boolean {
  return (scope.bindings.get(model) ?? []).some(
    (binding) => binding.kind === "assignment" && binding.value.start > made.end && binding.value.start < later.start,
  );
}

/** `Dense(10)(x)`, through names. */
function appliedLayer(expression: Expression, scope: Scope): CertainCall | null {
  const applied = certainCall(expression, scope);
  return applied?.call.callee.kind === "call" ? { call: applied.call.callee, scope: applied.scope } : null;
}

function activationOf({ call, scope }: CertainCall): LossCallFact["activation"] | null {
  const layer = tensorflowName(call.callee, scope)?.match(/^keras\.layers\.(\w+)$/)?.[1];
  if (layer === "Softmax") return "softmax";
  if (layer === "Activation") {
    const given = argumentFor(call, "activation", 0);
    const activation = given === null || given === "unclear" ? null : activationNamed(given.value, scope);
    return activation === "none" ? null : activation;
  }
  if (layer !== "Dense") return null;
  const given = argumentFor(call, "activation", 1);
  if (given === "unclear") return null;
  return given === null || given.value.kind === "null" ? "none" : activationNamed(given.value, scope);
}

function activationNamed(value: Expression, scope: Scope): LossCallFact["activation"] | null {
  const reference = /^(name|attribute)$/.test(value.kind) ? tensorflowName(value, scope) : null;
  const resolved = reference === null ? resolve(value, scope) : null;
  if (resolved?.known === true && resolved.alternatives.length > 0) return null;
  const name = reference === null ? (resolved?.known === true ? resolved.value : null) : terminalName(value);
  if (name === "softmax" || name === "sigmoid") return name;
  if (name === "log_softmax") return "log-softmax";
  return name === "linear" ? "none" : null;
}

function rangeOf({ start, end }: TextRange): TextRange {
  return { start, end };
}
