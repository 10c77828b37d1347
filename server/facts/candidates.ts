import type { Argument, Call, Expression, Parameter } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { callersOf } from "./calledFunctions.ts";
import { decoratorConfiguration } from "./configurationFile.ts";
import { terminalName } from "./dottedText.ts";
import { definitionElsewhere } from "./importedDefinition.ts";
import { type AssignmentBinding, type Binding, bindingsOf, type FunctionInfo, type Scope } from "./scope.ts";

/** An expression that a name, parameter or field can stand for, with the scope that it is read in. */
export interface Candidate {
  readonly expression: Expression;
  readonly scope: Scope;
  /** How it passes on: `"module constant"`, `"function default"`, … */
  readonly via: string;
  readonly overridable: boolean;
  /** Index into the value where it is unpacked, else null. */
  readonly position: number | null;
}

/** All that it can stand for, or why that is not known. */
export type Candidates =
  | { readonly known: true; readonly candidates: readonly Candidate[] }
  | { readonly known: false; readonly reason: string };

export function unknown(reason: string): Candidates {
  return { known: false, reason };
}

/** One expression as all that something stands for; what stands in a configuration file comes from there, however it is reached. */
export function single(expression: Expression, scope: Scope, via: string): Candidates {
  const source = scope.source.module.language === "configuration" ? "configuration file" : via;
  return { known: true, candidates: [{ expression, scope, via: source, overridable: false, position: null }] };
}

/** What a name can stand for where it is used. */
export function candidatesOfName(name: string, at: TextRange, scope: Scope): Candidates {
  const elsewhere = definitionElsewhere(name, scope);
  if (elsewhere?.kind === "name") return candidatesOfBindings(elsewhere.bindings, name, endOfFile, elsewhere.scope);
  const bindings = bindingsOf(name, scope);
  if (bindings === null) return unknown(`${name} is not set in this file`);
  return candidatesOfBindings(bindings, name, at, scope);
}

/** An importing file sees what a module's names are when all of it has run. */
export const endOfFile: TextRange = { start: Number.POSITIVE_INFINITY, end: Number.POSITIVE_INFINITY };

function candidatesOfBindings(bindings: readonly Binding[], name: string, at: TextRange, scope: Scope): Candidates {
  const assignments: AssignmentBinding[] = [];
  const others: Binding[] = [];
  for (const binding of bindings) {
    if (binding.kind === "assignment") assignments.push(binding);
    else others.push(binding);
  }
  const reaching = reachingAssignment(assignments, at, scope);
  if (reaching !== null && others.every((binding) => binding.kind === "parameter")) {
    return candidatesOfAssignments([reaching], name);
  }
  const candidates: Candidate[] = [];
  for (const binding of others) {
    const found = candidatesOfBinding(binding, name);
    if (!found.known) return found;
    candidates.push(...found.candidates);
  }
  const assigned = candidatesOfAssignments(assignments, name);
  if (!assigned.known) return assigned;
  return { known: true, candidates: [...candidates, ...assigned.candidates] };
}

/** The assignment that certainly holds at a place: the last of straight-line code before it, in the same scope. */
export function reachingAssignment(
  assignments: readonly AssignmentBinding[],
  at: TextRange,
  scope: Scope,
): AssignmentBinding | null {
  let last: AssignmentBinding | null = null;
  for (const assignment of assignments) {
    if (assignment.conditional || assignment.scope !== scope || assignment.operator !== "=") return null;
    if (assignment.statement.end <= at.start) last = assignment;
  }
  return last;
}

/** Each assigned value as a candidate; unknown as soon as one is an update such as `*=`. */
export function candidatesOfAssignments(assignments: readonly AssignmentBinding[], name: string): Candidates {
  const candidates: Candidate[] = [];
  for (const { operator, value, scope, position } of assignments) {
    if (operator !== "=") return unknown(`${name} is changed by ${operator}`);
    const overridable = scope.kind === "module" && readsConfiguratorScript(scope);
    candidates.push({ expression: value, scope, via: assignedVia(scope), overridable, position });
  }
  return { known: true, candidates };
}

/** `exec(open("configurator.py").read())` lets the command line change any module constant. */
function readsConfiguratorScript(scope: Scope): boolean {
  return scope.source.callsByTerminalName.get("exec")?.some((site) => site.scope.kind === "module") ?? false;
}

function assignedVia(scope: Scope): string {
  if (scope.kind === "module") return "module constant";
  return scope.kind === "class" ? "class attribute" : "local variable";
}

function candidatesOfBinding(binding: Binding, name: string): Candidates {
  switch (binding.kind) {
    case "parameter":
      return candidatesOfParameter(binding.parameter, binding.position, binding.owner);
    case "element": {
      if (binding.iterable.kind !== "list") return unknown(`${name} is set by a loop`);
      return unknown(`${name} takes several values in a loop`);
    }
    case "import":
      return unknown(`${name} is imported from ${binding.module}`);
    case "context":
      return unknown(`${name} is opened by a with statement`);
    case "opaque":
      return unknown(`${name} is ${binding.reason}`);
    default:
      return unknown(`${name} is defined in this file`);
  }
}

/** What a function's callers in the file, its default and its command-line decorator give a parameter. */
function candidatesOfParameter(parameter: Parameter, position: number, owner: Scope): Candidates {
  const { name, defaultValue, variadic } = parameter;
  if (variadic !== null) return unknown(`${name} collects arguments`);
  const callable = owner.node?.kind === "function" ? owner.source.functions.get(owner.node) : undefined;
  const sites = callable === undefined ? [] : callersOf(callable);
  const candidates: Candidate[] = [];
  let defaulted = sites.length === 0;
  for (const site of sites) {
    const argument = argumentFor(site.call, name, position - receiverParameters(site.call, callable));
    if (argument === "unclear") return unknown(`${name} is passed through * or **`);
    if (argument === null) defaulted = true;
    else
      candidates.push({
        expression: argument.value,
        scope: site.scope,
        via: "argument",
        overridable: false,
        position: null,
      });
  }
  if (!defaulted) return { known: true, candidates };
  const scope = owner.parent ?? owner;
  if (defaultValue !== null) {
    const option = typerDefault(defaultValue) ?? defaultValue;
    const via = option === defaultValue ? "function default" : "command-line default";
    candidates.unshift({ expression: option, scope, via, overridable: true, position: null });
    return { known: true, candidates };
  }
  const configured = callable === undefined || position > 0 ? null : decoratorConfiguration(callable);
  if (configured !== null) {
    const { root, scope: file } = configured;
    const whole = { expression: root, scope: file, via: "configuration file", overridable: true, position: null };
    return { known: true, candidates: [whole] };
  }
  const option = callable === undefined ? null : commandLineOption(callable, name);
  if (option === null) return unknown(`${name} is given by the caller`);
  return {
    known: true,
    candidates: [{ expression: option, scope, via: "command-line default", overridable: true, position: null }],
  };
}

/** `lr: float = typer.Option(1e-3, "--lr")`. */
function typerDefault(given: Expression): Expression | null {
  if (given.kind !== "call" || !/^(Option|Argument)$/.test(terminalName(given.callee) ?? "")) return null;
  const first = argumentFor(given, "default", 0);
  return first === null || first === "unclear" ? null : first.value;
}

/** `@click.option("--lr", default=1e-3)`. */
function commandLineOption(callable: FunctionInfo, name: string): Expression | null {
  for (const decorator of callable.definition.decorators) {
    if (decorator.kind !== "call" || terminalName(decorator.callee) !== "option") continue;
    const names = decorator.arguments.map(({ value }) =>
      value.kind === "string" ? (value.value ?? "").replace(/^-+/, "").replaceAll("-", "_") : "",
    );
    if (!names.includes(name)) continue;
    return decorator.arguments.find((argument) => argument.name === "default")?.value ?? null;
  }
  return null;
}

/** How many leading parameters the receiver fills: `self` in Python's method calls. */
function receiverParameters(call: Call, callable: FunctionInfo | undefined): number {
  if (callable === undefined || callable.owner === null) return 0;
  const first = callable.definition.parameters[0]?.name;
  if (first !== "self" && first !== "cls") return 0;
  return call.callee.kind === "attribute" || callable.definition.name === "__init__" ? 1 : 0;
}

/** The argument of a call for a parameter by keyword or position; `"unclear"` where a spread may hold it. */
export function argumentFor(call: Call, name: string | null, position: number | null): Argument | null | "unclear" {
  let index = 0;
  let spread = false;
  for (const argument of call.arguments) {
    if (argument.spread !== null) spread = true;
    else if (argument.name !== null) {
      if (argument.name === name) return argument;
    } else if (!spread && index++ === position) return argument;
  }
  return spread ? "unclear" : null;
}
