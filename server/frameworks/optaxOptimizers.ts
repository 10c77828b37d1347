import { candidatesOfName } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact } from "../facts/trainingFacts.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { boundTo } from "./boundTo.ts";
import { optaxOptimizers } from "./optaxDefaults.ts";
import { siteOf } from "./pytorchFlags.ts";
import { argumentsOfSignature } from "./signatureArguments.ts";

/** An optax optimizer with the call that it was read from and the transformations around it. */
export interface OptaxOptimizerSite {
  readonly fact: OptimizerFact;
  readonly site: CallSite;
  /** A chain around it clips, or holds a part that cannot be read and may clip. */
  readonly mayClip: boolean;
  /** `add_decayed_weights` that stands before the Adam scaling of the same chain. */
  readonly decayBefore: Call | null;
}

/** The optax optimizers of a file: aliases such as `optax.adamw(…)` and chains around `optax.scale_by_adam(…)`. */
export function collectOptaxOptimizers(source: SourceIndex): readonly OptaxOptimizerSite[] {
  const chains = (source.callsByTerminalName.get("chain") ?? []).filter(
    ({ call, scope }) => optaxName(call, scope) === "chain",
  );
  const found: OptaxOptimizerSite[] = [];
  for (const site of source.calls) {
    const name = optaxName(site.call, site.scope);
    const signature = name !== null && Object.hasOwn(optaxOptimizers, name) ? optaxOptimizers[name] : undefined;
    if (name === null || signature === undefined) continue;
    const around = chains.filter((chain) => chain.call.arguments.some(({ value }) => holds(value, chain, site.call)));
    if (name === "scale_by_adam" && around.length === 0) continue;
    const outer = around.find((chain) => !around.some((each) => each !== chain && contains(each.call, chain.call)));
    const callee = nameOf(site.call);
    const whole = outer ?? outermost(site, source);
    const fact: OptimizerFact = {
      start: site.call.start,
      end: site.call.end,
      framework: "optax",
      constructorName: name,
      algorithm: signature.algorithm,
      adaptive: signature.adaptive,
      adamFamily: signature.adamFamily,
      nameRange: { start: callee.start, end: callee.end },
      boundTo: boundTo(site) ?? (whole === null ? null : boundTo(whole)),
      parametersText: null,
      hasParameterGroups: false,
      arguments: argumentsOfSignature(site, signature.parameters),
      libraryVersion: null,
      ...(whole === null ? {} : { composition: { start: whole.call.start, end: whole.call.end } }),
    };
    const mayClip = around.some((chain) => chain.call.arguments.some((argument) => clips(argument.value, chain.scope)));
    found.push({ fact, site, mayClip, decayBefore: decayBefore(around, site.call) });
  }
  return found;
}

/** The name within optax (`"adamw"`), also of the optimizer that `inject_hyperparams` wraps. */
function optaxName(call: Call, scope: Scope): string | null {
  let { callee } = call;
  if (callee.kind === "call" && terminalName(callee.callee) === "inject_hyperparams") {
    const inner = callee.arguments[0]?.value;
    if (inner === undefined) return null;
    callee = inner;
  }
  const name = qualifiedName(callee, scope);
  return name?.match(/^optax\.(?:_src\.\w+\.)?(\w+)$/)?.[1] ?? null;
}

function nameOf({ callee }: Call): TextRange {
  const inner = callee.kind === "call" ? (callee.arguments[0]?.value ?? callee) : callee;
  return inner.kind === "attribute" ? inner.nameRange : inner;
}

/** Whether an argument of a chain is the call, holds it, or is a name that is set to it. */
function holds(value: Expression, chain: CallSite, call: Call): boolean {
  if (contains(value, call)) return true;
  if (value.kind !== "name" && value.kind !== "attribute") return false;
  return linkedCalls(value, chain.scope, (each) => each === call).has(call);
}

function contains(outer: TextRange, inner: TextRange): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** Transformations of optax that limit gradients. Source: optax `_src/clipping.py`, `transforms/_clipping.py`. */
const clipping =
  /^(clip|clip_by_global_norm|clip_by_block_rms|per_example_global_norm_clip|adaptive_grad_clip|unitwise_clip|normalize_by_update_norm)$/;

/** A clip, or a part of a chain that is no call of optax and may be one. */
function clips(value: Expression, scope: Scope): boolean {
  if (value.kind === "call") {
    const name = optaxName(value, scope);
    if (name === null) return true;
    if (clipping.test(name)) return true;
    return value.arguments.some(
      (argument) =>
        argument.value.kind === "call" && optaxName(argument.value, scope) !== null && clips(argument.value, scope),
    );
  }
  if (value.kind === "name") {
    const found = candidatesOfName(value.name, value, scope);
    return !found.known || found.candidates.some(({ expression, scope: from }) => clips(expression, from));
  }
  if (value.kind === "conditional") return clips(value.whenTrue, scope) || clips(value.whenFalse, scope);
  return true;
}

/** `optax.MultiSteps(optax.adam(…), 4)` or `optax.masked(…)` around an optimizer in the same expression. */
function outermost(site: CallSite, source: SourceIndex): CallSite | null {
  const around = source.calls.filter(
    ({ call, scope, statement }) =>
      statement === site.statement &&
      call !== site.call &&
      contains(call, site.call) &&
      optaxName(call, scope) !== null,
  );
  const widest = around.toSorted((a, b) => a.call.start - b.call.start || b.call.end - a.call.end)[0];
  return widest === undefined ? null : siteOf(widest.call, source);
}

function decayBefore(chains: readonly CallSite[], adam: Call): Call | null {
  for (const { call, scope } of chains) {
    const parts = call.arguments.map(({ value }) => value);
    const at = parts.indexOf(adam);
    const decay = parts.findIndex((part) => part.kind === "call" && optaxName(part, scope) === "add_decayed_weights");
    const found = parts[decay];
    if (decay >= 0 && decay < at && found?.kind === "call") return found;
  }
  return null;
}

/** Indices of the optimizers that an expression can be, through chains and wrappers. */
export function linkedOptaxOptimizers(
  expression: Expression,
  scope: Scope,
  optimizers: readonly OptaxOptimizerSite[],
): readonly number[] {
  const wholes = linkedCalls(expression, scope, (call, from) => optaxName(call, from) !== null);
  const indices = new Set<number>();
  for (const whole of wholes) {
    const from = siteOf(whole, scope.source)?.scope ?? scope;
    optimizers.forEach(({ site }, index) => {
      const linked = contains(whole, site.call) || whole.arguments.some(({ value }) => isNamed(value, from, site.call));
      if (linked) indices.add(index);
    });
  }
  return [...indices].toSorted((a, b) => a - b);
}

function isNamed(value: Expression, scope: Scope, call: Call): boolean {
  return value.kind === "name" && linkedCalls(value, scope, (each) => each === call).has(call);
}
