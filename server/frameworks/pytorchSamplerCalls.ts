import { argumentFor } from "../facts/candidates.ts";
import { dottedText, rootName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { SamplerEpochFact } from "../facts/samplerEpochFacts.ts";
import {
  type AssignmentBinding,
  bindingsOf,
  type CallSite,
  classAround,
  functionAround,
  type Scope,
} from "../facts/scope.ts";
import type { Expression, Loop } from "../syntax/tree.ts";
import { walkExpressions } from "../syntax/walk.ts";
import type { TextRange } from "../text/range.ts";
import { boundTo } from "./boundTo.ts";
import { isDataLoader } from "./pytorchDataLoaders.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** How a loop over epochs can tell its sampler the epoch; null where a name for one of them, or a test that it needs, is not at hand. */
export function epochCall(
  sampler: CallSite,
  loader: CallSite,
  { loop: inner, scope: innerScope }: LoopDraft,
  { loop, scope }: { readonly loop: Loop; readonly scope: Scope },
): SamplerEpochFact["call"] {
  const before = loop.body[0];
  const epoch = epochName(loop);
  if (before === undefined || epoch === null) return null;
  const place = { before: { start: before.start, end: before.end }, epoch };
  const own = nameFor(sampler, loop, scope, []);
  if (own !== null) {
    const guard = guardFor(own, sampler, scope);
    if (guard !== "unclear") return { ...place, receiver: own, guard };
  }
  const isSameObject = classAround(scope) !== null && classAround(scope) === classAround(innerScope);
  const used = [...dottedIn(loop), ...(isSameObject && inner?.iterable ? dottedIn(inner.iterable) : [])];
  const through = nameFor(loader, loop, scope, used);
  const given = argumentFor(loader.call, "sampler", 3);
  if (through === null || given === null || given === "unclear") return null;
  const receiver = `${through}.sampler`;
  const isOnlyLoader = linkedCalls(expressionOf(through, loop), scope, isDataLoader).size === 1;
  if (isOnlyLoader && standsFor(given.value, loader.scope, sampler) === "always")
    return { ...place, receiver, guard: null };
  const guard = isInstance(receiver, sampler, scope);
  return guard === null ? null : { ...place, receiver, guard };
}

/** `loader` and `self.train_data` where they are read. */
function dottedIn(node: Expression | Loop): readonly string[] {
  const found = new Set<string>();
  walkExpressions(node, (expression) => {
    const text = dottedText(expression);
    if (text === null || text.includes("[")) return undefined;
    found.add(text);
    return "skip";
  });
  return [...found].filter((text) => !text.includes(".") || /^self\.\w+$/.test(text));
}

function expressionOf(name: string, { start, end }: TextRange): Expression {
  const object: Expression = { kind: "name", name: name.split(".")[0] ?? name, start, end };
  const field = name.split(".")[1];
  return field === undefined
    ? object
    : { kind: "attribute", object, name: field, nameRange: { start, end }, start, end };
}

/** `epoch` of `for epoch in …` and of `for epoch, x in enumerate(…)`. */
function epochName({ targets }: Loop): string | null {
  const target = targets[0];
  const first = target?.kind === "list" ? target.items[0] : target;
  return first?.kind === "name" && first.name !== "_" && /^(e|ep|n_?ep|i|t|\w*epoch\w*)$/i.test(first.name)
    ? first.name
    : null;
}

/** A name that stands for what a call makes, where the loop stands: its own, a parameter of the function, one that the loop uses. */
function nameFor(site: CallSite, loop: Loop, scope: Scope, used: readonly string[]): string | null {
  const own = boundTo(site);
  const parameters = functionAround(scope)?.definition.parameters.map(({ name }) => name) ?? [];
  for (const name of [...(own === null ? [] : [own]), ...parameters, ...used]) {
    if (name.startsWith("self.")) {
      if (classAround(scope) === null) continue;
      if (name === own && classAround(scope) !== classAround(site.scope)) continue;
    } else {
      if (/[.[]/.test(name)) continue;
      const bindings = bindingsOf(name, scope);
      // A name of the same scope is set before the loop.
      if (bindings?.some((each) => each.kind !== "assignment" || each.statement.end <= loop.start) !== true) continue;
    }
    if (linkedCalls(expressionOf(name, loop), scope, (call) => call === site.call).has(site.call)) return name;
  }
  return null;
}

/** The test under which a name is the sampler: null where it always is. */
function guardFor(name: string, sampler: CallSite, scope: Scope): string | null | "unclear" {
  switch (standsFor(expressionOf(name, sampler.call), scope, sampler)) {
    case "always":
      return null;
    case "or-none":
      return `${name} is not None`;
    case "or-other":
      return isInstance(name, sampler, scope) ?? "unclear";
    case "or-unset":
      return sameTest(sampler, scope) ?? "unclear";
    default:
      return "unclear";
  }
}

type Standing = "always" | "or-none" | "or-other" | "or-unset" | "unclear";

/** What an expression stands for beside a sampler. */
function standsFor(expression: Expression, scope: Scope, sampler: CallSite): Standing {
  const kinds = new Set<"sampler" | "none" | "other" | "unset" | "unclear">();
  const visit = (value: Expression, from: Scope, depth: number): void => {
    if (depth > 6) kinds.add("unclear");
    else if (value === sampler.call) kinds.add("sampler");
    else if (value.kind === "null") kinds.add("none");
    else if (value.kind === "call") kinds.add("other");
    else if (value.kind === "conditional") {
      visit(value.whenTrue, from, depth + 1);
      visit(value.whenFalse, from, depth + 1);
    } else {
      const text = dottedText(value);
      const all =
        value.kind === "name" ? bindingsOf(value.name, from) : (from.source.attributeBindings.get(text ?? "") ?? null);
      if (all === null || all.length === 0) kinds.add("unclear");
      const assigned: AssignmentBinding[] = [];
      for (const binding of all ?? []) {
        if (binding.kind === "assignment" && binding.position === null && binding.operator === "=") {
          assigned.push(binding);
          visit(binding.value, binding.scope, depth + 1);
        } else if (binding.kind === "parameter") {
          kinds.add(binding.parameter.defaultValue?.kind === "null" ? "none" : "unclear");
        } else kinds.add("unclear");
      }
      // Set in one branch alone.
      if (assigned.length === 1 && assigned[0]?.conditional === true) kinds.add("unset");
    }
  };
  visit(expression, scope, 0);
  if (kinds.has("unclear")) return kinds.has("unset") ? "unclear" : "or-other";
  if (kinds.has("unset")) return kinds.size === 2 && kinds.has("sampler") ? "or-unset" : "unclear";
  if (kinds.has("other")) return "or-other";
  return kinds.has("none") ? "or-none" : "always";
}

/** `isinstance(sampler, DistributedSampler)` with the class as the file writes it. */
function isInstance(receiver: string, { call, scope: made }: CallSite, scope: Scope): string | null {
  const root = rootName(call.callee);
  if (root === null) return null;
  const here = bindingsOf(root, scope);
  if (here !== null && here !== bindingsOf(root, made)) return null;
  if (here !== null && made.source.moduleScope.bindings.get(root) !== here && made !== scope) return null;
  return `isinstance(${receiver}, ${made.source.text.slice(call.callee.start, call.callee.end)})`;
}

/** The test of the `if` around the sampler, where it reads the same at the loop. */
function sameTest({ guard, scope: made }: CallSite, scope: Scope): string | null {
  if (guard === null || guard.negated || guard.outer !== null || made !== scope) return null;
  const text = made.source.text.slice(guard.test.start, guard.test.end);
  return /^(not )?[\w.]+$/.test(text) ? text : null;
}
