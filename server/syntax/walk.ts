import type { Expression, Parameter, Statement } from "./tree.ts";

/** What a visitor says to keep a walk out of the node at hand; anything else goes on into it. */
export type Visit<Node> = (node: Node) => "skip" | undefined;

/** The expressions directly inside a node, in source order; those of statements in its blocks are not among them. */
export function expressionsOf(node: Statement | Expression): readonly Expression[] {
  switch (node.kind) {
    case "expression":
      return [node.expression];
    case "assignment":
      return present([...node.targets, node.annotation, node.value]);
    case "function":
      return [...node.decorators, ...parameterExpressions(node.parameters)];
    case "class":
      return [...node.decorators, ...node.bases];
    case "if":
      return [node.test];
    case "loop":
      return present([...node.targets, node.iterable, node.test]);
    case "with":
      return node.items.flatMap((item) => present([item.value, item.target]));
    case "return":
      return present([node.value]);
    case "other":
      return node.expressions;
    case "attribute":
      return [node.object];
    case "subscript":
      return [node.object, node.index];
    case "call":
      return [node.callee, ...node.arguments.map((argument) => argument.value)];
    case "string":
      return node.parts;
    case "list":
      return node.items;
    case "dictionary":
      return node.entries.flatMap((entry) => present([entry.key, entry.value]));
    case "binary":
      return [node.left, node.right];
    case "unary":
    case "await":
      return [node.operand];
    case "conditional":
      return [node.test, node.whenTrue, node.whenFalse].sort((a, b) => a.start - b.start);
    case "lambda":
      return parameterExpressions(node.parameters);
    case "comprehension": {
      const clauses = node.clauses.flatMap((clause) => [clause.target, clause.iterable]);
      return [node.element, ...[...clauses, ...node.conditions].sort((a, b) => a.start - b.start)];
    }
    case "unknown":
      return node.children;
    default:
      return [];
  }
}

/** The statements directly inside a node, in source order: of all its branches, and of a lambda's body. */
export function statementsOf(node: Statement | Expression): readonly Statement[] {
  switch (node.kind) {
    case "function":
    case "class":
    case "with":
    case "other":
    case "lambda":
      return node.body;
    case "if":
    case "loop":
      return node.orElse.length === 0 ? node.body : [...node.body, ...node.orElse];
    case "try":
      return [...node.body, ...node.handlers.flat(), ...node.orElse, ...node.finallyBody];
    default:
      return [];
  }
}

/**
 * Visits every statement, outer before inner, in source order. Returning `"skip"` leaves out the statements inside that one.
 * Statements inside lambdas are reached through `walkExpressions`.
 */
export function walkStatements(body: readonly Statement[], visit: Visit<Statement>): void {
  for (const statement of body) {
    if (visit(statement) !== "skip") walkStatements(statementsOf(statement), visit);
  }
}

/**
 * Visits an expression and those inside it, or all expressions of statements and of the statements inside them, outer before
 * inner; the bodies of lambdas included. Returning `"skip"` leaves out what is inside that expression.
 */
export function walkExpressions(from: Expression | Statement | readonly Statement[], visit: Visit<Expression>): void {
  if (!("kind" in from)) {
    for (const statement of from) walkExpressions(statement, visit);
    return;
  }
  if (isExpression(from) && visit(from) === "skip") return;
  for (const expression of expressionsOf(from)) walkExpressions(expression, visit);
  for (const statement of statementsOf(from)) walkExpressions(statement, visit);
}

/** `"torch.optim.Adam"` for a chain of names and attributes, null for anything else. */
export function dottedName(expression: Expression): string | null {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "attribute") return null;
  const object = dottedName(expression.object);
  return object === null ? null : `${object}.${expression.name}`;
}

const statementKinds: ReadonlySet<string> = new Set<Statement["kind"]>([
  "expression",
  "assignment",
  "function",
  "class",
  "if",
  "loop",
  "with",
  "try",
  "return",
  "import",
  "other",
]);

function isExpression(node: Statement | Expression): node is Expression {
  return !statementKinds.has(node.kind);
}

function present(nodes: readonly (Expression | null)[]): readonly Expression[] {
  return nodes.filter((node) => node !== null);
}

function parameterExpressions(parameters: readonly Parameter[]): readonly Expression[] {
  return parameters.flatMap((parameter) => present([parameter.annotation, parameter.defaultValue]));
}
