import type { Expression } from "../syntax/tree.ts";

/** Calls `visit` with each direct part of an expression, in order of evaluation; not with the body of a lambda. */
export function forEachChild(expression: Expression, visit: (child: Expression) => void): void {
  switch (expression.kind) {
    case "attribute":
      visit(expression.object);
      return;
    case "subscript":
      visit(expression.object);
      visit(expression.index);
      return;
    case "call":
      visit(expression.callee);
      for (const argument of expression.arguments) visit(argument.value);
      return;
    case "string":
      for (const part of expression.parts) visit(part);
      return;
    case "list":
      for (const item of expression.items) visit(item);
      return;
    case "dictionary":
      for (const entry of expression.entries) {
        if (entry.key !== null) visit(entry.key);
        visit(entry.value);
      }
      return;
    case "binary":
      visit(expression.left);
      visit(expression.right);
      return;
    case "unary":
    case "await":
      visit(expression.operand);
      return;
    case "conditional":
      visit(expression.test);
      visit(expression.whenTrue);
      visit(expression.whenFalse);
      return;
    case "comprehension":
      for (const clause of expression.clauses) visit(clause.iterable);
      for (const condition of expression.conditions) visit(condition);
      visit(expression.element);
      return;
    case "unknown":
      for (const child of expression.children) visit(child);
      return;
    default:
      return;
  }
}

/** Whether any part of an expression (itself too, lambda bodies left out) satisfies a test. */
export function someExpression(expression: Expression, test: (part: Expression) => boolean): boolean {
  if (test(expression)) return true;
  let found = false;
  forEachChild(expression, (child) => {
    if (!found) found = someExpression(child, test);
  });
  return found;
}
