import { calledFunction } from "../facts/calledFunctions.ts";
import { candidatesOfName } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { bindingsOf, type Scope } from "../facts/scope.ts";
import type { LossTermFact } from "../facts/trainingFacts.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { outputActivation } from "./pytorchOutputActivation.ts";

/** Operations that have no finite value or slope at the edge of their range. */
export type Danger = "log" | "sqrt" | "power" | "acos" | "division";

const maximumDepth = 8;
/** A name set in more places than this is not followed. */
const maximumBindings = 4;

/** Functions that keep an operand off the edge, or whose result never reaches it. */
const guards =
  /^(clip_by_value|clamp|clamp_|clamp_min|clamp_max|clip|clipByValue|softplus|exp|maximum|nan_to_num|cosh|logSoftmax|log_softmax|where|full|full_like|ones|ones_like|eps|finfo)$/;
/** Functions and methods that leave the edge where it was. */
const transparent =
  /^(mean|sum|reduce_mean|reduce_sum|squeeze|unsqueeze|view|reshape|flatten|gather|to|cuda|float|double|transpose|permute|contiguous|expand|index_select|masked_select|diagonal|t)$/;
const smallConstant = /eps|epsilon|tiny|smooth|delta|1e-|offset/i;

/**
 * Whether there is positive evidence that an operand can come to the edge: an unguarded softmax or sigmoid, a network's output,
 * squares that can all be zero, a spread that can be zero. Anything else counts as fine.
 */
export function canReachZero(operand: Expression, danger: Danger, scope: Scope, depth: number): boolean {
  if (depth > maximumDepth || isGuarded(operand, scope)) return false;
  switch (operand.kind) {
    case "call":
      return callCanReachZero(operand, danger, scope, depth);
    case "name":
      return nameCanReachZero(operand.name, danger, scope, depth);
    case "subscript":
      return canReachZero(operand.object, danger, scope, depth + 1);
    case "unary":
      return canReachZero(operand.operand, danger, scope, depth + 1);
    case "binary": {
      const { operator, left, right } = operand;
      if (danger === "log" && operator === "-" && left.kind === "number" && left.value === 1) {
        return canReachZero(right, danger, scope, depth + 1);
      }
      const isSquare = operator === "**" && right.kind === "number" && right.value === 2;
      if (danger === "sqrt" || danger === "power") {
        if (isSquare) return true;
        if (operator === "+") {
          return !addsScale(left, right) && bothReachZero(left, right, danger, scope, depth);
        }
      }
      if (operator === "*") {
        return canReachZero(left, danger, scope, depth + 1) || canReachZero(right, danger, scope, depth + 1);
      }
      return operator === "/" && canReachZero(left, danger, scope, depth + 1);
    }
    default:
      return false;
  }
}

/** `(prediction - target) ** 2 + c ** 2`, the pseudo-Huber loss: beside the square of a difference that of a name is its scale. */
function addsScale(left: Expression, right: Expression): boolean {
  const bases = [left, right].map((side) =>
    side.kind === "binary" && side.operator === "**" && side.right.kind === "number" ? side.left : side,
  );
  const isName = ({ kind }: Expression): boolean => kind === "name" || kind === "attribute";
  return bases.some((base, index) => base !== [left, right][index] && isName(base)) && !bases.every(isName);
}

function bothReachZero(left: Expression, right: Expression, danger: Danger, scope: Scope, depth: number): boolean {
  return canReachZero(left, danger, scope, depth + 1) && canReachZero(right, danger, scope, depth + 1);
}

function callCanReachZero(call: Call, danger: Danger, scope: Scope, depth: number): boolean {
  const name =
    terminalName(call.callee) ?? (call.callee.kind === "call" ? (terminalName(call.callee.callee) ?? "") : "");
  const isLibrary = isLibraryName(qualifiedName(call.callee, scope));
  const operand = isLibrary
    ? call.arguments[0]?.value
    : call.callee.kind === "attribute"
      ? call.callee.object
      : undefined;
  if (danger === "division") return /^(std|norm|var)$/.test(name) && (isLibrary || call.callee.kind === "attribute");
  if (danger === "log" && /^(softmax|Softmax|sigmoid|Sigmoid)$/.test(name)) return true;
  if (danger === "log" && name === "sum" && operand?.kind === "call" && terminalName(operand.callee) === "exp")
    return true;
  if (danger === "sqrt" || danger === "power") {
    if (/^(mse_loss|meanSquaredError|square|var)$/.test(name)) return true;
    if (name === "pow" && call.arguments.some(({ value }) => value.kind === "number" && value.value === 2)) return true;
    if (isMeanSquaredError(call, scope)) return true;
  }
  if (danger === "acos" && /^(cosine_similarity|dot|matmul|mm|bmm)$/.test(name)) return true;
  if (transparent.test(name) && operand !== undefined) return canReachZero(operand, danger, scope, depth + 1);
  const callable = calledFunction(call, scope);
  if (callable !== null) {
    const { returns } = callable;
    return returns.length > 0 && returns.every((each) => canReachZero(each, danger, callable.scope, depth + 1));
  }
  if (danger !== "log") return false;
  const activation = outputActivation(call, scope)?.activation;
  if (activation === "softmax" || activation === "sigmoid") return true;
  return endsInSigmoid(call, scope) || predictsProbabilities(call, scope);
}

function nameCanReachZero(name: string, danger: Danger, scope: Scope, depth: number): boolean {
  const bindings = bindingsOf(name, scope) ?? [];
  const values = bindings.flatMap((binding) => (binding.kind === "assignment" ? [binding] : []));
  if (values.length > maximumBindings) return false;
  if (values.length > 0 && values.length === bindings.length) {
    return values.every(
      ({ operator, position, value, scope: from }) =>
        operator === "=" && position === null && canReachZero(value, danger, from, depth + 1),
    );
  }
  const found = candidatesOfName(name, { start: 0, end: 0 }, scope);
  if (!found.known || found.candidates.length === 0) return false;
  return found.candidates.every(
    ({ expression, scope: from, position }) => position === null && canReachZero(expression, danger, from, depth + 1),
  );
}

/** `criterion = nn.MSELoss()`; `criterion(pred, y)`. */
function isMeanSquaredError(call: Call, scope: Scope): boolean {
  return linkedCalls(call.callee, scope, ({ callee }) => terminalName(callee) === "MSELoss").size > 0;
}

/** The output of `nn.Sequential(…, nn.Sigmoid())` or `nn.Softmax`, held in a variable. */
function endsInSigmoid(call: Call, scope: Scope): boolean {
  const made = linkedCalls(call.callee, scope, ({ callee }) =>
    /^(Sequential|Sigmoid|Softmax)$/.test(terminalName(callee) ?? ""),
  );
  for (const { callee, arguments: layers } of made) {
    if (terminalName(callee) !== "Sequential") return true;
    const last = layers.at(-1)?.value;
    if (last?.kind === "call" && /^(Sigmoid|Softmax)$/.test(terminalName(last.callee) ?? "")) return true;
  }
  return false;
}

/** `model.predict(x)` of a `tf.sequential()` whose last dense layer has a softmax or sigmoid. */
function predictsProbabilities({ callee }: Call, scope: Scope): boolean {
  if (callee.kind !== "attribute" || !/^(predict|apply)$/.test(callee.name)) return false;
  const { callsByTerminalName } = scope.source;
  const made = linkedCalls(callee.object, scope, (call) => terminalName(call.callee) === "sequential");
  const built = callsByTerminalName.get("sequential")?.filter(({ call }) => made.has(call)) ?? [];
  return built.some((model) => {
    const last = callsByTerminalName.get("dense")?.findLast((layer) => layer.scope === model.scope);
    const options = last?.call.arguments[0]?.value;
    if (options?.kind !== "dictionary") return false;
    return options.entries.some(
      ({ key, value }) =>
        key?.kind === "string" &&
        key.value === "activation" &&
        value.kind === "string" &&
        /^(softmax|sigmoid)$/.test(value.value ?? ""),
    );
  });
}

/** A clamp, a positive constant that is added, or a function that stays off the edge, anywhere in the operand. */
function isGuarded(operand: Expression, scope: Scope): boolean {
  const { text } = scope.source;
  return someExpression(operand, (part) => {
    if (part.kind === "call") {
      const name = terminalName(part.callee) ?? "";
      if (name === "add" && part.arguments.some(({ value }) => value.kind === "number" && value.value > 0)) return true;
      return guards.test(name) && !isSumOfExponentials(operand);
    }
    if (part.kind === "name" || part.kind === "attribute") return smallConstant.test(part.name);
    if (part.kind !== "binary" || part.operator !== "+") return false;
    return [part.left, part.right].some(
      (side) => (side.kind === "number" && side.value > 0) || smallConstant.test(text.slice(side.start, side.end)),
    );
  });
}

/** `sum(exp(x))` overflows rather than vanishes: `logsumexp` is its stable form. */
function isSumOfExponentials(operand: Expression): boolean {
  return (
    operand.kind === "call" &&
    terminalName(operand.callee) === "sum" &&
    someExpression(operand, (part) => part.kind === "call" && terminalName(part.callee) === "exp")
  );
}

/** Whether a full name is one of torch, TensorFlow, Keras, TensorFlow.js or JAX. */
export function isLibraryName(name: string | null): boolean {
  return name !== null && /^(torch|tf|tensorflow|keras|jax|flax|optax)\./.test(name);
}

/** The stable way to write the operation on this operand; clamping where there is none of its own. */
export function stableFormOf(danger: Danger, operand: Expression, scope: Scope): LossTermFact["stableForm"] {
  if (danger !== "log" || operand.kind !== "call") return "clamp-min";
  const callee = operand.callee.kind === "call" ? operand.callee.callee : operand.callee;
  const name = terminalName(callee) ?? "";
  if (/^[sS]oftmax$/.test(name)) return "log-softmax";
  if (name === "sigmoid" && scope.source.module.language === "python") return "log-sigmoid";
  return isSumOfExponentials(operand) ? "logsumexp" : "clamp-min";
}
