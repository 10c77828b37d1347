import { dottedText } from "../facts/dottedText.ts";
import type { CallSite } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";

/** Dotted text of what a call's result is assigned to, through `a if c else b`; null when it is passed on. */
export function boundTo({ call, statement }: CallSite): string | null {
  if (statement.kind !== "assignment" || statement.value === null) return null;
  const target = statement.targets[0];
  if (target === undefined) return null;
  if (target.kind === "list" && statement.value.kind === "list") {
    const index = statement.value.items.findIndex((item) => holds(item, call));
    const bound = target.items[index];
    return bound === undefined ? null : dottedText(bound);
  }
  return holds(statement.value, call) ? dottedText(target) : null;
}

function holds(value: Expression, call: Call): boolean {
  if (value === call) return true;
  return value.kind === "conditional" && (holds(value.whenTrue, call) || holds(value.whenFalse, call));
}
