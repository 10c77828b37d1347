import { type Candidates, candidatesOfName } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { candidatesOfField } from "../facts/fieldCandidates.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, Scope } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { siteOf } from "./pytorchFlags.ts";

/** The class that a call makes an object of. */
export interface Constructor {
  /** Its full name: `"torch.optim.Adam"`. */
  readonly name: string;
  /** Calls of `functools.partial` on the way, which gave some arguments before; the nearest to the call first. */
  readonly filledIn: readonly CallSite[];
}

const maximumDepth = 6;

/**
 * The class behind a callee in any of the ways that code names one: `optim.Adam`, `getattr(optim, name)`, `{"adam": optim.Adam}[name]`,
 * a variable, a default argument, `partial(optim.AdamW, lr=…)`. Names that the command line gives are taken at their default. Null
 * where the class is not certain.
 */
export function constructorBehind(callee: Expression, scope: Scope): Constructor | null {
  return follow(callee, scope, 0);
}

function follow(callee: Expression, scope: Scope, depth: number): Constructor | null {
  if (depth > maximumDepth) return null;
  const name = qualifiedName(callee, scope);
  if (name !== null) return { name, filledIn: [] };
  switch (callee.kind) {
    case "name":
      return common(candidatesOfName(callee.name, callee, scope), depth);
    case "attribute":
      return common(candidatesOfField(callee.object, callee.name, callee, scope), depth);
    case "subscript": {
      const key = stringOf(callee.index, scope);
      return key === null ? null : common(candidatesOfField(callee.object, key, callee, scope), depth);
    }
    case "conditional": {
      const test = resolve(callee.test, scope);
      const certain = test.known && test.alternatives.length === 0 && typeof test.value === "boolean";
      if (certain) return follow(test.value ? callee.whenTrue : callee.whenFalse, scope, depth + 1);
      return same([follow(callee.whenTrue, scope, depth + 1), follow(callee.whenFalse, scope, depth + 1)]);
    }
    case "call":
      return behindCall(callee, scope, depth);
    default:
      return null;
  }
}

/** `getattr(optim, "Adam")` and `partial(optim.Adam, …)`. */
function behindCall(call: Call, scope: Scope, depth: number): Constructor | null {
  const [first, second] = call.arguments;
  if (first === undefined || first.name !== null || first.spread !== null) return null;
  const called = terminalName(call.callee);
  if (called === "getattr" && second !== undefined) {
    const module = qualifiedName(first.value, scope);
    const attribute = stringOf(second.value, scope);
    return module === null || attribute === null ? null : { name: `${module}.${attribute}`, filledIn: [] };
  }
  if (called !== "partial") return null;
  // Positions would count on from those that are filled in.
  if (call.arguments.some(({ name, spread }, index) => index > 0 && name === null && spread !== "dictionary"))
    return null;
  const site = siteOf(call, scope.source);
  const inner = site === null ? null : follow(first.value, scope, depth + 1);
  return site === null || inner === null ? null : { ...inner, filledIn: [site, ...inner.filledIn] };
}

function common(found: Candidates, depth: number): Constructor | null {
  if (!found.known || found.candidates.length === 0) return null;
  return same(
    found.candidates.map(({ expression, scope, position }) =>
      position === null ? follow(expression, scope, depth + 1) : null,
    ),
  );
}

function same(all: readonly (Constructor | null)[]): Constructor | null {
  const [first, ...others] = all;
  if (first === undefined || first === null) return null;
  const isSame = (each: Constructor | null) =>
    each !== null && each.name === first.name && each.filledIn.length === 0 && first.filledIn.length === 0;
  return others.every(isSame) ? first : null;
}

function stringOf(expression: Expression, scope: Scope): string | null {
  const resolved = resolve(expression, scope);
  if (!resolved.known || resolved.alternatives.length > 0) return null;
  return typeof resolved.value === "string" ? resolved.value : null;
}
