import type { TextRange } from "../text/range.ts";
import type { Argument, Comment, Expression, Parameter, Statement } from "./tree.ts";

export function shiftRange(range: TextRange, by: number): TextRange {
  return { start: range.start + by, end: range.end + by };
}

export function shiftComment(comment: Comment, by: number): Comment {
  return { start: comment.start + by, end: comment.end + by, text: comment.text };
}

/** The same statement `by` code units further on. Every node is a new object: trees that were handed out do not change. */
export function shiftStatement(node: Statement, by: number): Statement {
  const start = node.start + by;
  const end = node.end + by;
  switch (node.kind) {
    case "expression":
      return { kind: "expression", start, end, expression: shiftExpression(node.expression, by) };
    case "assignment": {
      const targets = shiftExpressions(node.targets, by);
      const annotation = shiftOptional(node.annotation, by);
      const value = shiftOptional(node.value, by);
      return { kind: "assignment", start, end, targets, operator: node.operator, annotation, value };
    }
    case "function": {
      const { kind, name } = node;
      const nameRange = shiftRange(node.nameRange, by);
      const parameters = shiftParameters(node.parameters, by);
      const decorators = shiftExpressions(node.decorators, by);
      const body = shiftStatements(node.body, by);
      return { kind, start, end, name, nameRange, parameters, decorators, body };
    }
    case "class": {
      const { kind, name } = node;
      const nameRange = shiftRange(node.nameRange, by);
      const bases = shiftExpressions(node.bases, by);
      const decorators = shiftExpressions(node.decorators, by);
      return { kind, start, end, name, nameRange, bases, decorators, body: shiftStatements(node.body, by) };
    }
    case "if": {
      const test = shiftExpression(node.test, by);
      const body = shiftStatements(node.body, by);
      return { kind: "if", start, end, test, body, orElse: shiftStatements(node.orElse, by) };
    }
    case "loop": {
      const header = shiftRange(node.header, by);
      const targets = shiftExpressions(node.targets, by);
      const iterable = shiftOptional(node.iterable, by);
      const test = shiftOptional(node.test, by);
      const body = shiftStatements(node.body, by);
      const orElse = shiftStatements(node.orElse, by);
      return { kind: "loop", start, end, header, targets, iterable, test, body, orElse };
    }
    case "with": {
      const items = node.items.map((item) => ({
        value: shiftExpression(item.value, by),
        target: shiftOptional(item.target, by),
      }));
      return { kind: "with", start, end, items, body: shiftStatements(node.body, by) };
    }
    case "try": {
      const body = shiftStatements(node.body, by);
      const handlers = node.handlers.map((handler) => shiftStatements(handler, by));
      const orElse = shiftStatements(node.orElse, by);
      return { kind: "try", start, end, body, handlers, orElse, finallyBody: shiftStatements(node.finallyBody, by) };
    }
    case "return":
      return { kind: "return", start, end, value: shiftOptional(node.value, by) };
    case "import": {
      const names = node.names.map(({ imported, local, range }) => ({ imported, local, range: shiftRange(range, by) }));
      return { kind: "import", start, end, module: node.module, names };
    }
    case "other": {
      const expressions = shiftExpressions(node.expressions, by);
      return { kind: "other", start, end, keyword: node.keyword, expressions, body: shiftStatements(node.body, by) };
    }
  }
}

/** The same expression `by` code units further on, of new objects throughout. */
export function shiftExpression(node: Expression, by: number): Expression {
  const start = node.start + by;
  const end = node.end + by;
  switch (node.kind) {
    case "name":
      return { kind: "name", start, end, name: node.name };
    case "attribute": {
      const object = shiftExpression(node.object, by);
      return { kind: "attribute", start, end, object, name: node.name, nameRange: shiftRange(node.nameRange, by) };
    }
    case "subscript": {
      const object = shiftExpression(node.object, by);
      return { kind: "subscript", start, end, object, index: shiftExpression(node.index, by) };
    }
    case "call": {
      const callee = shiftExpression(node.callee, by);
      const args = node.arguments.map((argument) => shiftArgument(argument, by));
      const closeParenthesis = node.closeParenthesis + by;
      return { kind: "call", start, end, callee, arguments: args, isNew: node.isNew, closeParenthesis };
    }
    case "number":
      return { kind: "number", start, end, value: node.value };
    case "string":
      return { kind: "string", start, end, value: node.value, parts: shiftExpressions(node.parts, by) };
    case "boolean":
      return { kind: "boolean", start, end, value: node.value };
    case "null":
      return { kind: "null", start, end };
    case "list":
      return { kind: "list", start, end, items: shiftExpressions(node.items, by) };
    case "dictionary": {
      const entries = node.entries.map(({ key, value, range }) => ({
        key: shiftOptional(key, by),
        value: shiftExpression(value, by),
        range: shiftRange(range, by),
      }));
      return { kind: "dictionary", start, end, entries };
    }
    case "binary": {
      const left = shiftExpression(node.left, by);
      return { kind: "binary", start, end, operator: node.operator, left, right: shiftExpression(node.right, by) };
    }
    case "unary":
      return { kind: "unary", start, end, operator: node.operator, operand: shiftExpression(node.operand, by) };
    case "conditional": {
      const test = shiftExpression(node.test, by);
      const whenTrue = shiftExpression(node.whenTrue, by);
      return { kind: "conditional", start, end, test, whenTrue, whenFalse: shiftExpression(node.whenFalse, by) };
    }
    case "lambda": {
      const parameters = shiftParameters(node.parameters, by);
      return { kind: "lambda", start, end, parameters, body: shiftStatements(node.body, by) };
    }
    case "comprehension": {
      const element = shiftExpression(node.element, by);
      const clauses = node.clauses.map((clause) => ({
        target: shiftExpression(clause.target, by),
        iterable: shiftExpression(clause.iterable, by),
      }));
      return { kind: "comprehension", start, end, element, clauses, conditions: shiftExpressions(node.conditions, by) };
    }
    case "await":
      return { kind: "await", start, end, operand: shiftExpression(node.operand, by) };
    case "unknown":
      return { kind: "unknown", start, end, children: shiftExpressions(node.children, by) };
  }
}

/** The same statements `by` code units further on. */
export function shiftStatements(nodes: readonly Statement[], by: number): readonly Statement[] {
  return nodes.map((node) => shiftStatement(node, by));
}

function shiftExpressions(nodes: readonly Expression[], by: number): readonly Expression[] {
  return nodes.map((node) => shiftExpression(node, by));
}

function shiftOptional(node: Expression | null, by: number): Expression | null {
  return node && shiftExpression(node, by);
}

function shiftArgument(node: Argument, by: number): Argument {
  const value = shiftExpression(node.value, by);
  return { start: node.start + by, end: node.end + by, name: node.name, value, spread: node.spread };
}

function shiftParameters(nodes: readonly Parameter[], by: number): readonly Parameter[] {
  return nodes.map((node) => ({
    start: node.start + by,
    end: node.end + by,
    name: node.name,
    annotation: shiftOptional(node.annotation, by),
    defaultValue: shiftOptional(node.defaultValue, by),
    variadic: node.variadic,
  }));
}
