import { argumentFor, candidatesOfName } from "../facts/candidates.ts";
import { certainClass } from "../facts/classFields.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, Scope } from "../facts/scope.ts";
import type { Argument, Call, Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { type CertainCall, certainCall } from "./certainCalls.ts";
import { siteOf } from "./pytorchFlags.ts";
import { tensorflowName } from "./tensorflowNames.ts";

const maximumDepth = 8;

/** The layer that a prediction comes out of: `Dense(10)(x)`, `model(x)` of a model or layer that is certainly one. */
export function outputLayer(prediction: Expression, scope: Scope, depth = 0): CertainCall | null {
  if (depth > maximumDepth) return null;
  if (prediction.kind === "name") {
    const found = candidatesOfName(prediction.name, prediction, scope);
    if (!found.known || found.candidates.some(({ position }) => position !== null)) return null;
    const layers = found.candidates.map((each) => outputLayer(each.expression, each.scope, depth + 1));
    const [first] = layers;
    return first !== undefined && layers.every((layer) => layer?.call === first?.call) ? first : null;
  }
  const applied = certainCall(prediction, scope);
  if (applied === null) return null;
  const { callee } = applied.call;
  if (callee.kind === "call") return modelOutput({ call: callee, scope: applied.scope }, null, depth + 1);
  const made = tensorflowName(callee, applied.scope) === null ? certainCall(callee, applied.scope) : null;
  return made === null ? null : modelOutput(made, null, depth + 1);
}

/** The last layer of a model, of a class of the file by what its `call` returns; a layer is its own. */
export function modelOutput(made: CertainCall, compile: Call | null, depth = 0): CertainCall | null {
  const own = certainClass(made.call.callee, made.scope);
  if (own !== null) {
    const { returns, scope } = own.methods.get("call") ?? { returns: [], scope: own.scope };
    const [returned, ...others] = returns;
    return returned === undefined || others.length > 0 ? null : outputLayer(returned, scope, depth + 1);
  }
  const name = tensorflowName(made.call.callee, made.scope);
  if (name?.startsWith("keras.layers.") === true) return made;
  return lastLayer(made, compile);
}

/** The last layer of a `Sequential` (its list, or what is added to it) or of a functional `Model` with one output. */
function lastLayer({ call, scope }: CertainCall, compile: Call | null): CertainCall | null {
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
function additions(model: string, scope: Scope, made: Call, compile: Call | null): readonly CallSite[] {
  return (scope.source.callsByTerminalName.get("add") ?? []).filter(
    (site) =>
      site.scope === scope &&
      site.call.callee.kind === "attribute" &&
      dottedText(site.call.callee.object) === model &&
      site.call.start > made.end &&
      (compile === null || site.call.start < compile.start || compile.start < made.start) &&
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

/** The activation of a layer; null where it is not known. */
export function layerActivation({ call, scope }: CertainCall): LossCallFact["activation"] | null {
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
