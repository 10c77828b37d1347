import { candidatesOfName } from "../facts/candidates.ts";
import { certainClass } from "../facts/classFields.ts";
import { terminalName } from "../facts/dottedText.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { ClassInfo, Scope } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { rangeOf } from "../text/range.ts";
import { agreedActivation } from "./agreedActivation.ts";
import { certainCall } from "./certainCalls.ts";

/** The last activation of a tensor, with where it is written. */
export type OutputActivation = Pick<LossCallFact, "activation" | "activationRange" | "operandRange">;

const maximumDepth = 12;
const functions: Readonly<Record<string, LossCallFact["activation"]>> = {
  softmax: "softmax",
  log_softmax: "log-softmax",
  sigmoid: "sigmoid",
};
const modules: Readonly<Record<string, LossCallFact["activation"]>> = {
  Softmax: "softmax",
  Softmax2d: "softmax",
  LogSoftmax: "log-softmax",
  Sigmoid: "sigmoid",
  Linear: "none",
  Conv1d: "none",
  Conv2d: "none",
  Conv3d: "none",
};
/** Methods that change the shape or the device alone. */
const transparent = /^(squeeze|unsqueeze|view|reshape|flatten|float|double|to|cuda|cpu|contiguous|view_as|reshape_as)$/;

/** The last activation before a value, through names, models of the file and shape changes; null where it is not certain. */
export function outputActivation(expression: Expression, scope: Scope): OutputActivation | null {
  return activationOf(expression, scope, 0);
}

function activationOf(expression: Expression, scope: Scope, depth: number): OutputActivation | null {
  if (depth > maximumDepth) return null;
  if (expression.kind === "name") {
    const found = candidatesOfName(expression.name, expression, scope);
    if (!found.known || found.candidates.some(({ position }) => position !== null)) return null;
    return agreedActivation(
      found.candidates.map(({ expression: each, scope: from }) => activationOf(each, from, depth + 1)),
    );
  }
  return expression.kind === "call" ? activationOfCall(expression, scope, depth) : null;
}

function activationOfCall(call: Call, scope: Scope, depth: number): OutputActivation | null {
  const { callee } = call;
  const full = callee.kind === "call" ? null : qualifiedName(callee, scope);
  const isTorch = full?.startsWith("torch.") === true;
  const name = terminalName(callee) ?? "";
  const receiver = callee.kind === "attribute" && full === null ? callee.object : null;
  const isOwn = receiver?.kind === "name" && receiver.name === "self";
  const operand = isTorch ? call.arguments[0]?.value : (receiver ?? undefined);
  if (operand !== undefined && (isTorch || !isOwn)) {
    const activation = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (activation !== undefined) return { activation, activationRange: rangeOf(call), operandRange: rangeOf(operand) };
    if (transparent.test(name)) return activationOf(operand, scope, depth + 1);
  }
  if (isTorch || depth > maximumDepth) return null;
  const made = callee.kind === "call" ? { call: callee, scope } : certainCall(callee, scope);
  if (made === null) return null;
  const found = activationOfModule(made.call, made.scope, depth + 1);
  // `self.softmax(x)`: the activation is applied here, and leaving it out leaves x.
  const input = call.arguments[0]?.value;
  const isActivation = found !== null && found.activation !== "none" && found.activationRange.start === made.call.start;
  if (!isActivation || input === undefined || call.arguments.length !== 1) return found;
  return { ...found, activationRange: rangeOf(call), operandRange: rangeOf(input) };
}

/** What a module ends in: a layer of torch.nn, the last of a `Sequential`, or `forward` of a class of the file. */
function activationOfModule(made: Call, scope: Scope, depth: number): OutputActivation | null {
  if (depth > maximumDepth) return null;
  const own = certainClass(made.callee, scope);
  if (own !== null) return activationOfForward(own, depth);
  const name = qualifiedName(made.callee, scope)?.match(/^torch\.nn\.(?:modules\.(?:\w+\.)?)?(\w+)$/)?.[1];
  if (name === undefined) return null;
  if (name === "Sequential") {
    const last = made.arguments.at(-1);
    if (last === undefined || last.spread !== null || last.value.kind !== "call") return null;
    return activationOfModule(last.value, scope, depth + 1);
  }
  const activation = Object.hasOwn(modules, name) ? modules[name] : undefined;
  return activation === undefined ? null : { activation, activationRange: rangeOf(made), operandRange: null };
}

function activationOfForward(own: ClassInfo, depth: number): OutputActivation | null {
  const forward = own.methods.get("forward");
  if (forward === undefined || forward.returns.length === 0) return null;
  const { text } = forward.scope.source;
  // A net that answers differently in training is not followed.
  if (/self\.training/.test(text.slice(forward.definition.start, forward.definition.end))) return null;
  return agreedActivation(forward.returns.map((returned) => activationOf(returned, forward.scope, depth + 1)));
}
