import type { TextRange } from "../text/range.ts";
import type { Argument, Comment, Expression, Parameter, Statement } from "./tree.ts";

/** Where an offset of the old text lies in the new one. */
export type Offsets = (offset: number) => number;

export function moveRange(range: TextRange, to: Offsets): TextRange {
  return { start: to(range.start), end: to(range.end) };
}

export function moveComment(comment: Comment, to: Offsets): Comment {
  return { start: to(comment.start), end: to(comment.end), text: comment.text };
}

/** The same statement at its place in a changed text. Every node is a new object: trees that were handed out do not change. */
export function moveStatement(node: Statement, to: Offsets): Statement {
  const start = to(node.start);
  const end = to(node.end);
  switch (node.kind) {
    case "expression":
      return { kind: "expression", start, end, expression: moveExpression(node.expression, to) };
    case "assignment": {
      const targets = moveExpressions(node.targets, to);
      const annotation = moveOptional(node.annotation, to);
      const value = moveOptional(node.value, to);
      return { kind: "assignment", start, end, targets, operator: node.operator, annotation, value };
    }
    case "function": {
      const { kind, name } = node;
      const nameRange = moveRange(node.nameRange, to);
      const parameters = moveParameters(node.parameters, to);
      const decorators = moveExpressions(node.decorators, to);
      const body = moveStatements(node.body, to);
      return { kind, start, end, name, nameRange, parameters, decorators, body };
    }
    case "class": {
      const { kind, name } = node;
      const nameRange = moveRange(node.nameRange, to);
      const bases = moveExpressions(node.bases, to);
      const decorators = moveExpressions(node.decorators, to);
      return { kind, start, end, name, nameRange, bases, decorators, body: moveStatements(node.body, to) };
    }
    case "if": {
      const test = moveExpression(node.test, to);
      const body = moveStatements(node.body, to);
      return { kind: "if", start, end, test, body, orElse: moveStatements(node.orElse, to) };
    }
    case "loop": {
      const header = moveRange(node.header, to);
      const targets = moveExpressions(node.targets, to);
      const iterable = moveOptional(node.iterable, to);
      const test = moveOptional(node.test, to);
      const body = moveStatements(node.body, to);
      const orElse = moveStatements(node.orElse, to);
      return { kind: "loop", start, end, header, targets, iterable, test, body, orElse };
    }
    case "with": {
      const items = node.items.map((item) => ({
        value: moveExpression(item.value, to),
        target: moveOptional(item.target, to),
      }));
      return { kind: "with", start, end, items, body: moveStatements(node.body, to) };
    }
    case "try": {
      const body = moveStatements(node.body, to);
      const handlers = node.handlers.map((handler) => moveStatements(handler, to));
      const orElse = moveStatements(node.orElse, to);
      return { kind: "try", start, end, body, handlers, orElse, finallyBody: moveStatements(node.finallyBody, to) };
    }
    case "return":
      return { kind: "return", start, end, value: moveOptional(node.value, to) };
    case "import": {
      const names = node.names.map(({ imported, local, range }) => ({ imported, local, range: moveRange(range, to) }));
      return { kind: "import", start, end, module: node.module, names };
    }
    case "other": {
      const expressions = moveExpressions(node.expressions, to);
      return { kind: "other", start, end, keyword: node.keyword, expressions, body: moveStatements(node.body, to) };
    }
  }
}

/** The same expression at its place in a changed text, of new objects throughout. */
export function moveExpression(node: Expression, to: Offsets): Expression {
  const start = to(node.start);
  const end = to(node.end);
  switch (node.kind) {
    case "name":
      return { kind: "name", start, end, name: node.name };
    case "attribute": {
      const object = moveExpression(node.object, to);
      return { kind: "attribute", start, end, object, name: node.name, nameRange: moveRange(node.nameRange, to) };
    }
    case "subscript": {
      const object = moveExpression(node.object, to);
      return { kind: "subscript", start, end, object, index: moveExpression(node.index, to) };
    }
    case "call": {
      const callee = moveExpression(node.callee, to);
      const args = node.arguments.map((argument) => moveArgument(argument, to));
      const closeParenthesis = to(node.closeParenthesis);
      return { kind: "call", start, end, callee, arguments: args, isNew: node.isNew, closeParenthesis };
    }
    case "number":
      return { kind: "number", start, end, value: node.value };
    case "string":
      return { kind: "string", start, end, value: node.value, parts: moveExpressions(node.parts, to) };
    case "boolean":
      return { kind: "boolean", start, end, value: node.value };
    case "null":
      return { kind: "null", start, end };
    case "list":
      return { kind: "list", start, end, items: moveExpressions(node.items, to) };
    case "dictionary": {
      const entries = node.entries.map(({ key, value, range }) => ({
        key: moveOptional(key, to),
        value: moveExpression(value, to),
        range: moveRange(range, to),
      }));
      return { kind: "dictionary", start, end, entries };
    }
    case "binary": {
      const left = moveExpression(node.left, to);
      return { kind: "binary", start, end, operator: node.operator, left, right: moveExpression(node.right, to) };
    }
    case "unary":
      return { kind: "unary", start, end, operator: node.operator, operand: moveExpression(node.operand, to) };
    case "conditional": {
      const test = moveExpression(node.test, to);
      const whenTrue = moveExpression(node.whenTrue, to);
      return { kind: "conditional", start, end, test, whenTrue, whenFalse: moveExpression(node.whenFalse, to) };
    }
    case "lambda": {
      const parameters = moveParameters(node.parameters, to);
      return { kind: "lambda", start, end, parameters, body: moveStatements(node.body, to) };
    }
    case "comprehension": {
      const element = moveExpression(node.element, to);
      const clauses = node.clauses.map((clause) => ({
        target: moveExpression(clause.target, to),
        iterable: moveExpression(clause.iterable, to),
      }));
      return { kind: "comprehension", start, end, element, clauses, conditions: moveExpressions(node.conditions, to) };
    }
    case "await":
      return { kind: "await", start, end, operand: moveExpression(node.operand, to) };
    case "unknown":
      return { kind: "unknown", start, end, children: moveExpressions(node.children, to) };
  }
}

/** The same statements at their places in a changed text. */
export function moveStatements(nodes: readonly Statement[], to: Offsets): readonly Statement[] {
  return nodes.map((node) => moveStatement(node, to));
}

function moveExpressions(nodes: readonly Expression[], to: Offsets): readonly Expression[] {
  return nodes.map((node) => moveExpression(node, to));
}

function moveOptional(node: Expression | null, to: Offsets): Expression | null {
  return node && moveExpression(node, to);
}

function moveArgument(node: Argument, to: Offsets): Argument {
  const value = moveExpression(node.value, to);
  return { start: to(node.start), end: to(node.end), name: node.name, value, spread: node.spread };
}

function moveParameters(nodes: readonly Parameter[], to: Offsets): readonly Parameter[] {
  return nodes.map((node) => ({
    start: to(node.start),
    end: to(node.end),
    name: node.name,
    annotation: moveOptional(node.annotation, to),
    defaultValue: moveOptional(node.defaultValue, to),
    variadic: node.variadic,
  }));
}
