import { argumentFor } from "../facts/candidates.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, OptimizerFact } from "../facts/trainingFacts.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { certainCall } from "./certainCalls.ts";
import { addonOptimizers, type KerasSignature, kerasOptimizers } from "./kerasDefaults.ts";
import { argumentsOfSignature, defaultedArgument } from "./signatureArguments.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** An optimizer with what it was read from: a constructor's call, or the name in `compile(optimizer="adam")`. */
export interface KerasOptimizerSite {
  readonly fact: OptimizerFact;
  readonly site: CallSite;
  /** It clips by an argument of its own, or may. */
  readonly mayClip: boolean;
}

/** The Keras optimizers that a file makes, or names in `compile`. */
export function collectKerasOptimizers(source: SourceIndex): readonly KerasOptimizerSite[] {
  const found: KerasOptimizerSite[] = [];
  for (const site of source.calls) {
    if (!/^(name|attribute)$/.test(site.call.callee.kind)) continue;
    const signature = signatureOf(site.call, site.scope);
    if (signature !== null) found.push(constructed(site, signature));
  }
  for (const site of source.callsByTerminalName.get("compile") ?? []) {
    const fact = named(site);
    if (fact !== null && !found.some((each) => each.fact.start === fact.start))
      found.push({ fact, site, mayClip: false });
  }
  return found.toSorted((a, b) => a.fact.start - b.fact.start);
}

function signatureOf(call: Call, scope: Scope): KerasSignature | null {
  const name = tensorflowName(call.callee, scope);
  const className = name?.match(/^(keras|tfa)\.optimizers\.(\w+)$/);
  if (!className?.[2]) return null;
  if (className[1] === "tfa") return addonOptimizers[className[2]] ?? null;
  const signature = kerasOptimizers[className[2].toLowerCase()];
  return signature?.className === className[2] ? signature : null;
}

function constructed(site: CallSite, signature: KerasSignature): KerasOptimizerSite {
  const { call } = site;
  const { className, algorithm, adaptive, adamFamily } = signature;
  const nameRange = call.callee.kind === "attribute" ? call.callee.nameRange : call.callee;
  const fact: OptimizerFact = {
    start: call.start,
    end: call.end,
    framework: "keras",
    constructorName: className,
    algorithm,
    adaptive,
    adamFamily,
    nameRange: { start: nameRange.start, end: nameRange.end },
    boundTo: boundTo(site),
    parametersText: null,
    hasParameterGroups: false,
    arguments: argumentsOfSignature(site, signature.parameters),
    libraryVersion: null,
  };
  return { fact, site, mayClip: clipsByArgument(call) };
}

/** `clipnorm`, `global_clipnorm`, `clipvalue`; gradient transformers and spread arguments may clip too. */
function clipsByArgument(call: Call): boolean {
  return call.arguments.some(
    ({ name, value, spread }) =>
      spread !== null ||
      (name !== null &&
        /^(clipnorm|global_clipnorm|clipvalue|gradient_transformers)$/.test(name) &&
        value.kind !== "null"),
  );
}

/** The optimizer argument of `model.compile(…)`; null for other calls of that name. */
export function compiledOptimizer({ call, scope }: CallSite): Expression | null {
  if (call.callee.kind !== "attribute" || qualifiedName(call.callee, scope) !== null) return null;
  const given = argumentFor(call, "optimizer", 0);
  return given === null || given === "unclear" ? null : given.value;
}

function named(site: CallSite): OptimizerFact | null {
  const argument = compiledOptimizer(site);
  if (argument === null || (argument.kind !== "string" && argument.kind !== "name")) return null;
  const resolved = resolve(argument, site.scope);
  const written = resolved.chain.at(-1);
  if (!resolved.known || typeof resolved.value !== "string" || resolved.alternatives.length > 0) return null;
  const signature = kerasOptimizers[resolved.value.toLowerCase()];
  if (signature === undefined || written?.via !== "literal") return null;
  const range = { start: written.start, end: written.end };
  const place = { path: site.scope.source.path, ...range, via: "library default" };
  const all: Partial<Record<OptimizerArgumentName, OptimizerArgument>> = {};
  for (const { keyword, name, default: value } of signature.parameters) {
    if (name !== null) all[name] = defaultedArgument(name, keyword, value, place);
  }
  const { algorithm, adaptive, adamFamily } = signature;
  return {
    ...range,
    framework: "keras",
    constructorName: algorithm,
    algorithm,
    adaptive,
    adamFamily,
    nameRange: range,
    boundTo: null,
    parametersText: null,
    hasParameterGroups: false,
    arguments: all,
    libraryVersion: null,
  };
}

/** Indices of the optimizers that an expression can be. */
export function linkedKerasOptimizers(
  expression: Expression,
  scope: Scope,
  optimizers: readonly KerasOptimizerSite[],
): readonly number[] {
  const certain = certainCall(expression, scope)?.call;
  const only = optimizers.findIndex(({ fact, site }) => site.call === certain && fact.start === site.call.start);
  if (only >= 0) return [only];
  const calls = linkedCalls(expression, scope, (each) => optimizers.some(({ site }) => site.call === each));
  return optimizers.flatMap(({ site, fact }, index) =>
    calls.has(site.call) && fact.start === site.call.start ? [index] : [],
  );
}

/** Indices of the optimizers that `compile` calls name or are given. */
export function compiledIndices(
  sites: readonly CallSite[],
  optimizers: readonly KerasOptimizerSite[],
): readonly number[] {
  const indices = sites.flatMap((site) => {
    const argument = compiledOptimizer(site);
    if (argument === null) return [];
    const byName = optimizers.flatMap((each, index) => (each.site === site ? [index] : []));
    return byName.length > 0 ? byName : linkedKerasOptimizers(argument, site.scope, optimizers);
  });
  return [...new Set(indices)].toSorted((a, b) => a - b);
}
