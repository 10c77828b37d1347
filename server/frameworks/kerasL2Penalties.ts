import { argumentFor } from "../facts/candidates.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import type { L2PenaltyFact } from "../facts/l2PenaltyFacts.ts";
import { resolve } from "../facts/resolve.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { FrameworkName, OptimizerFact } from "../facts/trainingFacts.ts";
import type { Argument, Call, Expression } from "../syntax/tree.ts";
import { certainCall } from "./certainCalls.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** Layers with a kernel of their own. */
const weighted = /^keras\.layers\.(Dense|(Separable|Depthwise)?Conv\dD(Transpose)?|Convolution\dD|LSTM|GRU)$/;

/**
 * L2 penalties over the whole model of a file whose optimizers are all of the Adam family: regularizers on at least half of the
 * layers, or `l2_loss` of every trainable variable.
 */
export function collectL2Penalties(
  source: SourceIndex,
  framework: FrameworkName,
  optimizers: readonly OptimizerFact[],
): readonly L2PenaltyFact[] {
  if (optimizers.length === 0 || !optimizers.every(({ adamFamily }) => adamFamily)) return [];
  const all = optimizers.map((_, index) => index);
  const facts: L2PenaltyFact[] = [];
  const regularizers = regularizedLayers(source);
  if (regularizers !== null) {
    const { argument, factor } = regularizers;
    const range = { start: argument.start, end: argument.end };
    facts.push({ ...range, framework, optimizers: all, shownBy: "kernel_regularizer", factor });
  }
  for (const { call, scope } of source.callsByTerminalName.get("l2_loss") ?? []) {
    if (tensorflowName(call.callee, scope) !== "tf.nn.l2_loss" || !isOverAllVariables(call, source)) continue;
    const range = { start: call.start, end: call.end };
    facts.push({ ...range, framework, optimizers: all, shownBy: "l2_loss", factor: null });
    break;
  }
  return facts;
}

/** The first regularizer, where at least half of the layers have one; a layer made in a function counts as several. */
function regularizedLayers(source: SourceIndex): { readonly argument: Argument; readonly factor: number } | null {
  let layers = 0;
  const regularized: { argument: Argument; factor: number; repeated: boolean }[] = [];
  for (const { call, scope, loop } of source.calls) {
    const name = /^(name|attribute)$/.test(call.callee.kind) ? tensorflowName(call.callee, scope) : null;
    if (name === null || !weighted.test(name)) continue;
    layers += 1;
    const argument = argumentFor(call, "kernel_regularizer", null) ?? argumentFor(call, "W_regularizer", null);
    if (argument === null || argument === "unclear") continue;
    const factor = factorOf(argument.value, scope);
    if (factor !== null) regularized.push({ argument, factor, repeated: scope.kind !== "module" || loop !== null });
  }
  const [first] = regularized;
  if (first === undefined || regularized.length * 2 < layers) return null;
  return regularized.length > 1 || first.repeated ? first : null;
}

/** The factor of `l2(…)`, `L2(…)` or `"l2"`; null for others and for 0. Source: Keras 3.15, src/regularizers/regularizers.py (default 0.01). */
function factorOf(value: Expression, scope: Scope): number | null {
  if (value.kind === "string") return /^l2$/i.test(value.value ?? "") ? 0.01 : null;
  const made = certainCall(value, scope);
  if (made === null || !/^keras\.regularizers\.(l2|L2)$/.test(tensorflowName(made.call.callee, made.scope) ?? ""))
    return null;
  const given = argumentFor(made.call, "l2", 0) ?? argumentFor(made.call, "l", null);
  if (given === null) return 0.01;
  if (given === "unclear") return null;
  const resolved = resolve(given.value, made.scope);
  if (!resolved.known || resolved.alternatives.length > 0) return null;
  return typeof resolved.value === "number" && resolved.value > 0 ? resolved.value : null;
}

/** `[tf.nn.l2_loss(v) for v in tf.trainable_variables()]`. */
function isOverAllVariables(call: Call, source: SourceIndex): boolean {
  const site = source.callsByTerminalName.get("l2_loss")?.find((each) => each.call === call);
  const statement = site?.statement;
  if (statement?.kind !== "assignment" && statement?.kind !== "expression" && statement?.kind !== "return")
    return false;
  const value = statement.kind === "expression" ? statement.expression : statement.value;
  if (value === null) return false;
  return someExpression(value, (part) => {
    if (part.kind !== "comprehension" || part.start > call.start || part.end < call.end) return false;
    return part.clauses.some(({ iterable }) =>
      /trainable_(variables|weights|vars)/.test(source.text.slice(iterable.start, iterable.end)),
    );
  });
}
