import { calledFunction } from "../facts/calledFunctions.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { Call, Expression, Statement } from "../syntax/tree.ts";
import { walkExpressions, walkStatements } from "../syntax/walk.ts";

/**
 * Of some names (the last part of `self.scheduler`), those whose every use in the file is a call on them, a test, or a hand-over to
 * a function of the file under the same name: nothing that is not read can do anything with what they hold.
 */
export function fullyReadNames(source: SourceIndex, names: ReadonlySet<string>): ReadonlySet<string> {
  const accounted = new Set<Expression>();
  const isNamed = (expression: Expression): boolean => names.has(terminalName(expression) ?? "");
  walkStatements(source.module.body, (statement) => {
    accountStatement(statement, isNamed, accounted);
    return undefined;
  });
  for (const { call, scope } of source.calls) {
    for (const [index, argument] of call.arguments.entries()) {
      if (argument.spread !== null || !isNamed(argument.value)) continue;
      const callable = calledFunction(call, scope) ?? constructorOf(call, source);
      if (callable === null) continue;
      const { parameters } = callable.definition;
      const shift = callable.owner !== null && parameters[0]?.name === "self" ? 1 : 0;
      const parameter = argument.name ?? parameters[index + shift]?.name;
      if (parameter === terminalName(argument.value)) accounted.add(argument.value);
    }
  }
  const loose = new Set<string>();
  walkExpressions(source.module.body, (expression) => {
    if (expression.kind === "attribute") accounted.add(expression.object);
    if (expression.kind === "binary" && /^(is|is not|==|!=)$/.test(expression.operator)) accounted.add(expression.left);
    const name = expression.kind === "name" || expression.kind === "attribute" ? expression.name : null;
    if (name !== null && names.has(name) && !accounted.has(expression)) loose.add(name);
    return undefined;
  });
  return new Set([...names].filter((name) => !loose.has(name)));
}

/** Targets of assignments, tests for being there, and `self.scheduler = scheduler`. */
function accountStatement(
  statement: Statement,
  isNamed: (expression: Expression) => boolean,
  accounted: Set<Expression>,
): void {
  if (statement.kind === "if" || statement.kind === "loop") {
    if (statement.test !== null) accounted.add(statement.test);
    return;
  }
  if (statement.kind !== "assignment") return;
  for (const target of statement.targets) {
    accounted.add(target);
    if (target.kind === "list") for (const item of target.items) accounted.add(item);
    const { value } = statement;
    if (value === null || !isNamed(target)) continue;
    if (isNamed(value) && terminalName(target) === terminalName(value) && dottedText(value) !== null)
      accounted.add(value);
  }
}

function constructorOf(call: Call, source: SourceIndex) {
  const name = terminalName(call.callee);
  for (const own of source.classes.values()) {
    if (own.definition.name === name) return own.methods.get("__init__") ?? null;
  }
  return null;
}
