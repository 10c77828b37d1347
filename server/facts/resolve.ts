import type { Call, Expression } from "../syntax/tree.ts";
import { calledAnywhere } from "./calledFunctions.ts";
import { type Candidates, candidatesOfName } from "./candidates.ts";
import { convert, evaluateBinary, evaluateUnary, truthy } from "./constantArithmetic.ts";
import { terminalName } from "./dottedText.ts";
import { candidatesOfField, stringIndex } from "./fieldCandidates.ts";
import type { Known, Provenance, Resolved, Unknown } from "./resolved.ts";
import type { Scope } from "./scope.ts";
import type { ScalarValue } from "./trainingFacts.ts";

const maximumDepth = 24;
/** More possible values than this are as good as none. */
const maximumValues = 8;
/** Expressions looked at for one value: bounds the work on tangled code. */
const maximumSteps = 500;

/** Where an evaluation stands: the expressions around it, and how many it may still look at. */
interface Within {
  readonly expressions: readonly Expression[];
  readonly budget: { steps: number };
}

/** The value that an expression has where it stands, with every place it comes through; unknown with the reason otherwise. */
export function resolve(expression: Expression, scope: Scope): Resolved<ScalarValue> {
  return evaluate(expression, scope, { expressions: [], budget: { steps: maximumSteps } });
}

/** Whether a resolved flag is on; unknown stays unknown. */
export function asFlag(resolved: Resolved<ScalarValue>): Resolved<boolean> {
  if (!resolved.known) return resolved;
  const alternatives = [...new Set(resolved.alternatives.map(truthy))].filter(
    (each) => each !== truthy(resolved.value),
  );
  return { ...resolved, value: truthy(resolved.value), alternatives };
}

function evaluate(expression: Expression, scope: Scope, under: Within): Resolved<ScalarValue> {
  const { expressions, budget } = under;
  if (expressions.includes(expression)) return unknown("it is defined by itself", []);
  budget.steps -= 1;
  if (expressions.length > maximumDepth || budget.steps < 0) return unknown("it comes through too many places", []);
  const within = { expressions: [...expressions, expression], budget };
  switch (expression.kind) {
    case "number":
    case "boolean":
      return literal(expression.value, expression, scope);
    case "null":
      return literal(null, expression, scope);
    case "string":
      return expression.value === null
        ? unknown("text put together when it runs", [placeOf(expression, scope, "text")])
        : literal(expression.value, expression, scope);
    case "unary":
      return mapValues(evaluate(expression.operand, scope, within), expression, scope, (value) =>
        evaluateUnary(expression.operator, value),
      );
    case "binary":
      return evaluateArithmetic(expression, scope, within);
    case "conditional":
      return evaluateConditional(expression, scope, within);
    case "await":
      return evaluate(expression.operand, scope, within);
    case "name":
      return fromCandidates(candidatesOfName(expression.name, expression, scope), expression, scope, within);
    case "attribute":
      return fromCandidates(
        candidatesOfField(expression.object, expression.name, expression, scope),
        expression,
        scope,
        within,
      );
    case "subscript": {
      const key = stringIndex(expression.index);
      if (key === null) return unknown("its key is not a literal", [placeOf(expression, scope, "subscript")]);
      return fromCandidates(candidatesOfField(expression.object, key, expression, scope), expression, scope, within);
    }
    case "call":
      return evaluateCall(expression, scope, within);
    default:
      return unknown("not a single value", [placeOf(expression, scope, "expression")]);
  }
}

function evaluateArithmetic(
  expression: Extract<Expression, { kind: "binary" }>,
  scope: Scope,
  within: Within,
): Resolved<ScalarValue> {
  const left = evaluate(expression.left, scope, within);
  if (!left.known) return left;
  const right = evaluate(expression.right, scope, within);
  if (!right.known) return right;
  const values: ScalarValue[] = [];
  for (const a of [left.value, ...left.alternatives]) {
    for (const b of [right.value, ...right.alternatives]) {
      const value = evaluateBinary(expression.operator, a, b);
      if (value === undefined)
        return unknown(`computed by ${expression.operator}`, [placeOf(expression, scope, "arithmetic")]);
      values.push(value);
    }
  }
  const literalOnly = isLiteral(left) && isLiteral(right);
  const chain = literalOnly
    ? [placeOf(expression, scope, "literal")]
    : [placeOf(expression, scope, "arithmetic"), ...left.chain, ...right.chain];
  return known(values, chain, left.overridable || right.overridable);
}

/** Both values, the one that the test's own value chooses first; that one alone where nothing can change the test. */
function evaluateConditional(
  expression: Extract<Expression, { kind: "conditional" }>,
  scope: Scope,
  within: Within,
): Resolved<ScalarValue> {
  const leading = [placeOf(expression, scope, "conditional expression")];
  const test = asFlag(evaluate(expression.test, scope, within));
  const chosen = test.known && test.alternatives.length === 0 ? test.value : null;
  const order = [expression.whenTrue, expression.whenFalse];
  if (chosen === false) order.reverse();
  if (chosen !== null && test.known && !test.overridable) order.pop();
  const merged = merge(
    order.map((each) => evaluate(each, scope, within)),
    leading,
  );
  return merged.known && test.known && test.overridable ? { ...merged, overridable: true } : merged;
}

function evaluateCall(call: Call, scope: Scope, within: Within): Resolved<ScalarValue> {
  const name = terminalName(call.callee) ?? "a call";
  const [first, second] = call.arguments;
  if (
    call.callee.kind === "name" &&
    first !== undefined &&
    /^(float|int|bool|Number|parseFloat|parseInt)$/.test(name)
  ) {
    return mapValues(evaluate(first.value, scope, within), call, scope, (value) => convert(name, value));
  }
  if (
    name === "get" &&
    call.callee.kind === "attribute" &&
    first?.value.kind === "string" &&
    first.value.value !== null
  ) {
    const field = candidatesOfField(call.callee.object, first.value.value, call, scope);
    if (field.known) return fromCandidates(field, call, scope, within);
    if (second !== undefined)
      return withOverride(evaluate(second.value, scope, within), placeOf(call, scope, "default of get()"));
  }
  const callable = calledAnywhere(call, scope);
  const returned = callable?.returns.length === 1 ? callable.returns[0] : undefined;
  if (callable !== null && returned !== undefined) {
    return prepend(evaluate(returned, callable.scope, within), placeOf(call, scope, "returned value"));
  }
  return unknown(`computed by ${name}()`, [placeOf(call, scope, "call")]);
}

function fromCandidates(candidates: Candidates, use: Expression, scope: Scope, within: Within): Resolved<ScalarValue> {
  if (!candidates.known) return unknown(candidates.reason, [placeOf(use, scope, "name")]);
  const [only] = candidates.candidates;
  if (only === undefined) return unknown("never set in this file", [placeOf(use, scope, "name")]);
  const resolved: Resolved<ScalarValue>[] = [];
  for (const candidate of candidates.candidates) {
    if (candidate.position !== null) return unknown("unpacked from a call", [placeOf(use, scope, candidate.via)]);
    const value = evaluate(candidate.expression, candidate.scope, within);
    if (!value.known) return prepend(value, placeOf(use, scope, candidate.via));
    resolved.push(candidate.overridable ? { ...value, overridable: true } : value);
  }
  return merge(resolved, [placeOf(use, scope, only.via)]);
}

function merge(all: readonly Resolved<ScalarValue>[], leading: readonly Provenance[]): Resolved<ScalarValue> {
  const values: ScalarValue[] = [];
  let first: Known<ScalarValue> | null = null;
  let overridable = false;
  for (const each of all) {
    if (!each.known) return { ...each, chain: [...leading, ...each.chain] };
    first ??= each;
    overridable ||= each.overridable;
    values.push(each.value, ...each.alternatives);
  }
  if (first === null) return unknown("never set in this file", leading);
  return known(values, [...leading, ...first.chain], overridable);
}

function mapValues(
  operand: Resolved<ScalarValue>,
  whole: Expression,
  scope: Scope,
  map: (value: ScalarValue) => ScalarValue | undefined,
): Resolved<ScalarValue> {
  if (!operand.known) return operand;
  const values: ScalarValue[] = [];
  for (const value of [operand.value, ...operand.alternatives]) {
    const mapped = map(value);
    if (mapped === undefined) return unknown("its value does not convert", [placeOf(whole, scope, "conversion")]);
    values.push(mapped);
  }
  const chain = isLiteral(operand)
    ? [placeOf(whole, scope, "literal")]
    : [placeOf(whole, scope, "arithmetic"), ...operand.chain];
  return known(values, chain, operand.overridable);
}

function known(
  values: readonly ScalarValue[],
  chain: readonly Provenance[],
  overridable: boolean,
): Resolved<ScalarValue> {
  const distinct = [...new Set(values)];
  const [value, ...alternatives] = distinct;
  if (value === undefined || distinct.length > maximumValues) return unknown("it has many values", chain);
  return { known: true, value, alternatives, chain, overridable };
}

function isLiteral(resolved: Known<ScalarValue>): boolean {
  return resolved.chain.length === 1 && resolved.chain[0]?.via === "literal";
}

function literal(value: ScalarValue, expression: Expression, scope: Scope): Resolved<ScalarValue> {
  return { known: true, value, alternatives: [], chain: [placeOf(expression, scope, "literal")], overridable: false };
}

function unknown(reason: string, chain: readonly Provenance[]): Unknown {
  return { known: false, reason, chain };
}

/** An expression as one place that a value comes through. */
export function placeOf(expression: Expression, scope: Scope, via: string): Provenance {
  return { path: scope.source.path, start: expression.start, end: expression.end, via };
}

function prepend(resolved: Resolved<ScalarValue>, first: Provenance): Resolved<ScalarValue> {
  return { ...resolved, chain: [first, ...resolved.chain] };
}

function withOverride(resolved: Resolved<ScalarValue>, first: Provenance): Resolved<ScalarValue> {
  const chained = prepend(resolved, first);
  return chained.known ? { ...chained, overridable: true } : chained;
}
