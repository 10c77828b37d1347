import { argumentFor } from "../facts/candidates.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { ExhaustedParametersFact } from "../facts/exhaustedParametersFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { type AssignmentBinding, bindingsOf, type CallSite, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";

/** Clips of a name that holds an iterator which the optimizer, or the clip itself an iteration ago, has run through. */
export function collectTorchExhaustedParameters(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
): readonly ExhaustedParametersFact[] {
  const found: ExhaustedParametersFact[] = [];
  for (const name of ["clip_grad_norm_", "clip_grad_norm", "clip_grad_value_"]) {
    for (const site of source.callsByTerminalName.get(name) ?? []) {
      const fact = exhausted(site, optimizers);
      if (fact !== null) found.push(fact);
    }
  }
  return found;
}

function exhausted(site: CallSite, optimizers: readonly OptimizerSite[]): ExhaustedParametersFact | null {
  const { call, scope, loop } = site;
  const argument = argumentFor(call, "parameters", 0);
  if (argument === null || argument === "unclear") return null;
  const held = argument.value;
  const name = dottedText(held);
  const binding = name === null ? null : onlyAssignment(held, name, scope);
  if (name === null || binding === null || !isIterator(binding.value, binding.scope)) return null;
  const isTaken = optimizers.some(
    ({ fact, site: built }) =>
      fact.parametersText === name &&
      built.call.start > binding.statement.start &&
      onlyAssignment(held, name, built.scope) === binding,
  );
  const isAgain = binding.scope === scope && loop !== null && binding.statement.end <= loop.start;
  if (!isTaken && !isAgain) return null;
  const { start, end } = call;
  return {
    start,
    end,
    framework: "pytorch",
    name,
    nameRange: { start: held.start, end: held.end },
    iterator: { start: binding.value.start, end: binding.value.end },
    consumedBy: isTaken ? "the optimizer" : "the first iteration",
  };
}

/** The one assignment that a name or `self.name` ever gets. */
function onlyAssignment(held: Expression, name: string, scope: Scope): AssignmentBinding | null {
  const bindings =
    held.kind === "name" ? (bindingsOf(name, scope) ?? []) : (scope.source.attributeBindings.get(name) ?? []);
  const [only, ...more] = bindings;
  if (only?.kind !== "assignment" || more.length > 0) return null;
  return only.operator === "=" && only.position === null ? only : null;
}

/** `model.parameters()`, `filter(…)`, `itertools.chain(…)` and generator expressions can be run through once. */
function isIterator(value: Expression, scope: Scope): boolean {
  const { source } = scope;
  if (value.kind === "comprehension") return source.text[value.start] === "(";
  if (value.kind !== "call") return false;
  const name = terminalName(value.callee) ?? "";
  if (value.callee.kind === "attribute" && /^(named_)?parameters$/.test(name)) {
    return !source.functionsByName.has(name);
  }
  if (value.callee.kind === "name" && /^(filter|map)$/.test(name)) return bindingsOf(name, scope) === null;
  return qualifiedName(value.callee, scope) === "itertools.chain";
}
