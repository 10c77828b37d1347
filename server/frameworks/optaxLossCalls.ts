import { calledFunction } from "../facts/calledFunctions.ts";
import { argumentFor, candidatesOfName } from "../facts/candidates.ts";
import { certainClass } from "../facts/classFields.ts";
import { terminalName } from "../facts/dottedText.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { ClassInfo, Scope, SourceIndex } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { rangeOf } from "../text/range.ts";
import { agreedActivation } from "./agreedActivation.ts";
import { certainCall } from "./certainCalls.ts";

type Activation = Pick<LossCallFact, "activation" | "activationRange" | "operandRange">;

const maximumDepth = 10;

/** Losses of optax that take logits, with what they apply. Source: optax `losses/_classification.py`. */
const losses: Readonly<Record<string, LossCallFact["applies"]>> = {
  softmax_cross_entropy: "softmax",
  softmax_cross_entropy_with_integer_labels: "softmax",
  sigmoid_binary_cross_entropy: "sigmoid",
};

const activations: Readonly<Record<string, LossCallFact["activation"]>> = {
  softmax: "softmax",
  log_softmax: "log-softmax",
  sigmoid: "sigmoid",
};

/** The losses of optax whose logits certainly went through an activation already. */
export function collectOptaxLossCalls(source: SourceIndex): readonly LossCallFact[] {
  return Object.entries(losses).flatMap(([loss, applies]) =>
    (source.callsByTerminalName.get(loss) ?? []).flatMap(({ call, scope }) => {
      if (!/^optax\.(losses\.|_src\.\w+\.)?\w+$/.test(qualifiedName(call.callee, scope) ?? "")) return [];
      const logits = argumentFor(call, "logits", 0);
      const found = logits === null || logits === "unclear" ? null : activationOf(logits.value, scope, 0);
      return found === null
        ? []
        : [{ ...rangeOf(call), framework: "optax", loss, expects: "logits", applies, ...found }];
    }),
  );
}

function activationOf(expression: Expression, scope: Scope, depth: number): Activation | null {
  if (depth > maximumDepth) return null;
  if (expression.kind === "call") return activationOfCall(expression, scope, depth);
  if (expression.kind !== "name") return null;
  const found = candidatesOfName(expression.name, expression, scope);
  // `logits, updates = model.apply(…, mutable=…)`: the first of the pair is the output.
  if (!found.known || found.candidates.some(({ position }) => position !== null && position !== 0)) return null;
  return agreedActivation(
    found.candidates.map(({ expression: each, scope: from, position }) =>
      position === null || (each.kind === "call" && appliedModule(each, from) !== null)
        ? activationOf(each, from, depth + 1)
        : null,
    ),
  );
}

function activationOfCall(call: Call, scope: Scope, depth: number): Activation | null {
  const { callee } = call;
  const first = call.arguments[0];
  const name = terminalName(callee) ?? "";
  const full = callee.kind === "call" ? null : qualifiedName(callee, scope);
  if (full !== null && /^(jax\.nn|flax\.(linen|nnx)(\.\w+)?)\.\w+$/.test(full)) {
    const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
    if (activation === undefined || first === undefined || first.name !== null) return null;
    return { activation, activationRange: rangeOf(call), operandRange: rangeOf(first.value) };
  }
  if (/^(squeeze|reshape|astype|ravel|flatten)$/.test(name)) {
    const operand = full === null ? (callee.kind === "attribute" ? callee.object : undefined) : first?.value;
    return operand === undefined ? null : activationOf(operand, scope, depth + 1);
  }
  const own = appliedModule(call, scope);
  if (own !== null) return activationOfModule(own, depth);
  const callable = full === null ? calledFunction(call, scope) : null;
  if (callable === null || callable.returns.length === 0) return null;
  return agreedActivation(callable.returns.map((each) => activationOf(each, callable.scope, depth + 1)));
}

/** The flax module of the file that `model.apply(variables, x)`, `state.apply_fn(…)` or `model(x)` runs, where it is certain. */
function appliedModule({ callee }: Call, scope: Scope): ClassInfo | null {
  if (callee.kind === "attribute" && callee.name === "apply_fn") return moduleOfTrainStates(scope.source);
  if (callee.kind === "attribute" && callee.name === "apply") return moduleBehind(callee.object, scope);
  if (callee.kind === "call") return certainClass(callee.callee, scope);
  return callee.kind === "name" || callee.kind === "attribute" ? moduleBehind(callee, scope) : null;
}

function moduleBehind(model: Expression, scope: Scope): ClassInfo | null {
  const made = certainCall(model, scope);
  return made === null ? null : certainClass(made.call.callee, made.scope);
}

/** `TrainState.create(apply_fn=model.apply, …)`, where all that the file makes run the same module. */
function moduleOfTrainStates(source: SourceIndex): ClassInfo | null {
  const modules = (source.callsByTerminalName.get("create") ?? []).flatMap(({ call, scope }) => {
    const given = argumentFor(call, "apply_fn", null);
    if (given === null || given === "unclear") return [];
    const { value } = given;
    return [value.kind === "attribute" && value.name === "apply" ? moduleBehind(value.object, scope) : null];
  });
  const [first, ...others] = modules;
  return first !== undefined && others.every((each) => each === first) ? first : null;
}

function activationOfModule(own: ClassInfo, depth: number): Activation | null {
  const method = own.methods.get("__call__");
  if (method === undefined || method.returns.length === 0) return null;
  return agreedActivation(method.returns.map((each) => activationOf(each, method.scope, depth + 1)));
}
