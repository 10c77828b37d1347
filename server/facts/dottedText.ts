import type { Expression } from "../syntax/tree.ts";

/** `self.opt`, `args.lr`, `config["lr"]` as one text; null where a part is neither a name nor a literal key. */
export function dottedText(expression: Expression): string | null {
  if (expression.kind === "name") return expression.name;
  if (expression.kind === "attribute") {
    const object = dottedText(expression.object);
    return object === null ? null : `${object}.${expression.name}`;
  }
  if (expression.kind === "subscript") {
    const object = dottedText(expression.object);
    const key = literalKey(expression.index);
    return object === null || key === null ? null : `${object}[${key}]`;
  }
  return null;
}

/** The text of a subject for people: dotted where it can be, `name[…]` for computed keys, null for anything else. */
export function subjectText(expression: Expression): string | null {
  const dotted = dottedText(expression);
  if (dotted !== null) return dotted;
  if (expression.kind === "subscript") return subjectText(expression.object);
  if (expression.kind === "attribute") {
    const object = subjectText(expression.object);
    return object === null ? null : `${object}.${expression.name}`;
  }
  if (expression.kind === "await") return subjectText(expression.operand);
  return null;
}

/** The last name of a callee: `step` of `self.opt.step`, `Adam` of `Adam`; null for computed callees. */
export function terminalName(expression: Expression): string | null {
  if (expression.kind === "name" || expression.kind === "attribute") return expression.name;
  return null;
}

/** The first name of a dotted expression: `model` of `model.module.parameters()`. */
export function rootName(expression: Expression): string | null {
  switch (expression.kind) {
    case "name":
      return expression.name;
    case "attribute":
    case "subscript":
      return rootName(expression.object);
    case "call":
      return rootName(expression.callee);
    case "await":
      return rootName(expression.operand);
    default:
      return null;
  }
}

/** A literal key as `dottedText` writes it: strings quoted, integers bare. */
function literalKey(index: Expression): string | null {
  if (index.kind === "string" && index.value !== null) return JSON.stringify(index.value);
  return index.kind === "number" ? String(index.value) : null;
}
