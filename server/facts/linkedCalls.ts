import type { Call, Expression } from "../syntax/tree.ts";
import { calledAnywhere, calledFunction, callersOf, callSitesOf, methodOf } from "./calledFunctions.ts";
import { argumentFor } from "./candidates.ts";
import { dottedText, terminalName } from "./dottedText.ts";
import { classElsewhere, definitionElsewhere } from "./importedDefinition.ts";
import { type Binding, bindingsOf, type ClassInfo, classAround, type FunctionInfo, type Scope } from "./scope.ts";

const maximumDepth = 12;

/** Wrappers that hand back what they are given, in the order given. */
const preparing =
  /^(prepare|initialize|setup|setup_optimizers|DistributedOptimizer|Lookahead|wrap_optimizer|broadcast_optimizer_state|LossScaleOptimizer|enable_mixed_precision_graph_rewrite|MovingAverage|SWA)$/;

/**
 * The constructor calls that an expression's value can come from, through names, attributes, parameters, containers, functions
 * of the file and wrappers such as `accelerator.prepare(model, optimizer)`; with the reach of the workspace also through functions
 * of other files and imported names. Empty where none is found.
 */
export function linkedCalls(
  expression: Expression,
  scope: Scope,
  isTarget: (call: Call, scope: Scope) => boolean,
  reach: "file" | "workspace" = "file",
): ReadonlySet<Call> {
  const called = reach === "file" ? calledFunction : calledAnywhere;
  const callers = reach === "file" ? callSitesOf : callersOf;
  const found = new Set<Call>();
  const visited = new Set<object>();

  function follow(value: Expression, from: Scope, position: number | null, depth: number): void {
    if (depth > maximumDepth) return;
    switch (value.kind) {
      case "call":
        followCall(value, from, position, depth);
        return;
      case "name":
        for (const binding of bindingsOf(value.name, from) ?? []) followBinding(binding, depth);
        if (reach === "workspace") followImport(value.name, from, depth);
        return;
      case "attribute":
      case "subscript":
        followPlace(value, from, depth);
        return;
      case "conditional":
        follow(value.whenTrue, from, position, depth + 1);
        follow(value.whenFalse, from, position, depth + 1);
        return;
      case "await":
        follow(value.operand, from, position, depth + 1);
        return;
      case "list": {
        const item = position === null ? undefined : value.items[position];
        if (item !== undefined) follow(item, from, null, depth + 1);
        else for (const each of value.items) follow(each, from, null, depth + 1);
        return;
      }
      case "dictionary":
        for (const entry of value.entries) follow(entry.value, from, null, depth + 1);
        return;
      case "comprehension":
        follow(value.element, from, null, depth + 1);
        return;
    }
  }

  function followCall(call: Call, from: Scope, position: number | null, depth: number): void {
    if (isTarget(call, from)) {
      found.add(call);
      return;
    }
    const name = terminalName(call.callee) ?? "";
    if (preparing.test(name)) {
      const argument = position === null ? undefined : call.arguments[position];
      if (argument !== undefined && argument.name === null) follow(argument.value, from, null, depth + 1);
      else for (const each of call.arguments) follow(each.value, from, null, depth + 1);
      return;
    }
    if (/^(values|items|zip|enumerate|list|tuple|reversed)$/.test(name)) {
      if (call.callee.kind === "attribute") follow(call.callee.object, from, null, depth + 1);
      else for (const each of call.arguments) follow(each.value, from, null, depth + 1);
      return;
    }
    const callable = called(call, from) ?? onlyMethod(call, from) ?? methodElsewhere(call, from);
    if (callable === null || visited.has(callable)) return;
    visited.add(callable);
    for (const returned of callable.returns) follow(returned, callable.scope, position, depth + 1);
  }

  function followBinding(binding: Binding, depth: number): void {
    if (visited.has(binding)) return;
    visited.add(binding);
    if (binding.kind === "assignment") {
      if (binding.operator === "=") follow(binding.value, binding.scope, binding.position, depth + 1);
    } else if (binding.kind === "element") {
      follow(binding.iterable, binding.scope, null, depth + 1);
    } else if (binding.kind === "parameter") {
      const { owner, parameter, position } = binding;
      const callable = owner.node?.kind === "function" ? owner.source.functions.get(owner.node) : undefined;
      if (callable === undefined) return;
      for (const site of callers(callable)) {
        const shift = callable.owner !== null && callable.definition.parameters[0]?.name === "self" ? 1 : 0;
        const argument = argumentFor(site.call, parameter.name, position - shift);
        if (argument !== null && argument !== "unclear") follow(argument.value, site.scope, null, depth + 1);
      }
    }
  }

  function followImport(name: string, from: Scope, depth: number): void {
    const elsewhere = definitionElsewhere(name, from);
    if (elsewhere?.kind === "name") for (const binding of elsewhere.bindings) followBinding(binding, depth);
  }

  /** `self.optimizer`, `optimizers["g"]`, and `agent.optimizer` by the attribute that the class in the file sets. */
  function followPlace(
    value: Extract<Expression, { kind: "attribute" | "subscript" }>,
    from: Scope,
    depth: number,
  ): void {
    const { attributeBindings } = from.source;
    const text = dottedText(value);
    const own = classAround(from);
    const isOwn = text !== null && /^(self|this)\./.test(text);
    const assigned = (text === null ? undefined : attributeBindings.get(text)) ?? [];
    const relevant = isOwn ? assigned.filter((binding) => classAround(binding.scope) === own) : assigned;
    if (relevant.length > 0) {
      for (const binding of relevant) followBinding(binding, depth);
      return;
    }
    if (value.kind === "attribute") {
      for (const receiver of ["self", "this"]) {
        for (const binding of attributeBindings.get(`${receiver}.${value.name}`) ?? []) followBinding(binding, depth);
      }
      if (found.size === 0 && reach === "workspace") followField(value.object, value.name, from, depth);
      return;
    }
    follow(value.object, from, null, depth + 1);
  }

  /** `self.q_eval.optimizer`, where the class of `q_eval` is in another file and sets its optimizer itself. */
  function followField(object: Expression, name: string, from: Scope, depth: number): void {
    for (const own of classesBehind(object, from)) {
      for (const binding of own.scope.source.attributeBindings.get(`self.${name}`) ?? []) {
        if (classAround(binding.scope) === own) followBinding(binding, depth);
      }
    }
  }

  /** `model.configure_optimizers(…)`, where the class of the model is in another file. */
  function methodElsewhere({ callee }: Call, from: Scope): FunctionInfo | null {
    if (reach === "file" || callee.kind !== "attribute") return null;
    const [only, ...others] = classesBehind(callee.object, from);
    return only === undefined || others.length > 0 ? null : methodOf(only, callee.name);
  }

  follow(expression, scope, null, 0);
  return found;
}

/** The classes of other files whose constructors an object can come from. */
function classesBehind(object: Expression, scope: Scope): ReadonlySet<ClassInfo> {
  const classes = new Set<ClassInfo>();
  if (object.kind !== "name" && object.kind !== "attribute") return classes;
  linkedCalls(object, scope, ({ callee }, from) => {
    const own = callee.kind === "name" ? classElsewhere(definitionElsewhere(callee.name, from)) : null;
    if (own !== null) classes.add(own);
    return own !== null;
  });
  return classes;
}

/** `model.configure_optimizers(…)`: the one method of that name in the file. */
function onlyMethod(call: Call, scope: Scope) {
  if (call.callee.kind !== "attribute") return null;
  const named = scope.source.functionsByName.get(call.callee.name);
  return named?.length === 1 ? (named[0] ?? null) : null;
}
