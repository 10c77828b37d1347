import { argumentFor, candidatesOfName } from "../facts/candidates.ts";
import { absentKey, candidatesOfField } from "../facts/fieldCandidates.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { Resolved } from "../facts/resolved.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, OptimizerFact, ScalarValue } from "../facts/trainingFacts.ts";
import type { Argument, Call, Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { type OptimizerParameter, torchOptimizers } from "./pytorchDefaults.ts";

/** An optimizer fact with the call that it was read from. */
export interface OptimizerSite {
  readonly fact: OptimizerFact;
  readonly site: CallSite;
}

/** The torch.optim constructors that a file calls, with each argument as given or defaulted. */
export function collectTorchOptimizers(
  source: SourceIndex,
  libraryVersions: ReadonlyMap<string, string>,
): readonly OptimizerSite[] {
  const version = libraryVersions.get("torch") ?? null;
  return source.calls.flatMap((site) => torchOptimizerAt(site, version) ?? []);
}

/** The optimizer that a call builds with torch.optim, null for any other call. */
export function torchOptimizerAt(site: CallSite, version: string | null): OptimizerSite | null {
  const { callee } = site.call;
  if (callee.kind === "attribute" && !Object.hasOwn(torchOptimizers, callee.name)) return null;
  if (callee.kind !== "name" && callee.kind !== "attribute" && callee.kind !== "call") return null;
  const name = qualifiedName(callee, site.scope);
  if (name === null || !name.startsWith("torch.optim.")) return null;
  const constructorName = name.slice("torch.optim.".length);
  const signature = Object.hasOwn(torchOptimizers, constructorName) ? torchOptimizers[constructorName] : undefined;
  if (signature === undefined) return null;
  const parameters = parametersOf(site.call);
  const hasVersionedDefault = signature.parameters.some((parameter) => parameter.since !== undefined);
  const fact: OptimizerFact = {
    start: site.call.start,
    end: site.call.end,
    framework: "pytorch",
    constructorName,
    algorithm: signature.algorithm,
    adaptive: signature.adaptive,
    adamFamily: signature.adamFamily,
    nameRange: nameRangeOf(site.call.callee),
    boundTo: boundTo(site),
    parametersText: parameters === null ? null : site.scope.source.text.slice(parameters.start, parameters.end),
    hasParameterGroups: parameters !== null && isListOfGroups(parameters, site.scope),
    arguments: argumentsOf(site, signature.parameters, version),
    libraryVersion: hasVersionedDefault ? version : null,
  };
  return { fact, site };
}

/** The last name of a callee. */
function nameRangeOf(callee: Expression): { readonly start: number; readonly end: number } {
  const range = callee.kind === "attribute" ? callee.nameRange : callee;
  return { start: range.start, end: range.end };
}

function parametersOf(call: Call): Expression | null {
  const argument = argumentFor(call, "params", 0);
  return argument === null || argument === "unclear" ? null : argument.value;
}

function isListOfGroups(parameters: Expression, scope: Scope): boolean {
  if (parameters.kind === "list") return parameters.items.some((item) => item.kind === "dictionary");
  if (parameters.kind === "comprehension") return parameters.element.kind === "dictionary";
  if (parameters.kind !== "name") return false;
  const found = candidatesOfName(parameters.name, parameters, scope);
  return (
    found.known &&
    found.candidates.some(
      ({ expression, scope: from }) => expression.kind !== "name" && isListOfGroups(expression, from),
    )
  );
}

function argumentsOf(
  site: CallSite,
  parameters: readonly OptimizerParameter[],
  version: string | null,
): OptimizerFact["arguments"] {
  const all: Partial<Record<OptimizerArgumentName, OptimizerArgument>> = {};
  parameters.forEach((parameter, index) => {
    const { name, keyword, since } = parameter;
    if (name === null) return;
    const position =
      keyword === "fused" || (keyword === "decoupled_weight_decay" && since !== undefined) ? null : index + 1;
    const given = argumentFor(site.call, keyword, position);
    if (name === "betas") {
      all.beta1 = beta("beta1", 0, 0.9, given, site);
      all.beta2 = beta("beta2", 1, 0.999, given, site);
      return;
    }
    if (since !== undefined && given === null && isOlder(version, since)) return;
    all[name] = argumentOf(name, keyword, parameter.default, given, site);
  });
  return all;
}

function argumentOf(
  name: OptimizerArgumentName,
  keyword: string,
  defaultValue: ScalarValue,
  given: Argument | null | "unclear",
  site: CallSite,
): OptimizerArgument {
  if (given === "unclear") return spreadArgument(name, keyword, defaultValue, site);
  if (given === null) return defaulted(name, keyword, defaultValue, site);
  const { value } = given;
  return {
    name,
    keyword,
    range: { start: given.start, end: given.end },
    valueRange: { start: value.start, end: value.end },
    given: true,
    resolved: resolve(value, site.scope),
  };
}

/** An argument that can only come through `**kwargs`. */
function spreadArgument(
  name: OptimizerArgumentName,
  keyword: string,
  defaultValue: ScalarValue,
  site: CallSite,
): OptimizerArgument {
  let resolved: Resolved<ScalarValue> | null = null;
  for (const { spread, value } of site.call.arguments) {
    if (spread === null) continue;
    const unclear = {
      known: false,
      reason: "passed through * or **",
      chain: [placeOf(value, site, "keyword dictionary")],
    } as const;
    if (spread === "list") return { name, keyword, range: null, valueRange: null, given: true, resolved: unclear };
    const field = candidatesOfField(value, keyword, value, site.scope);
    if (!field.known) {
      if (field.reason !== absentKey) resolved = unclear;
      continue;
    }
    const only = field.candidates.length === 1 ? field.candidates[0] : undefined;
    resolved = only === undefined ? unclear : throughDictionary(resolve(only.expression, only.scope), value, site);
  }
  if (resolved === null) return defaulted(name, keyword, defaultValue, site);
  return { name, keyword, range: null, valueRange: null, given: true, resolved };
}

function throughDictionary(resolved: Resolved<ScalarValue>, value: Expression, site: CallSite): Resolved<ScalarValue> {
  return { ...resolved, chain: [placeOf(value, site, "keyword dictionary"), ...resolved.chain] };
}

function defaulted(
  name: OptimizerArgumentName,
  keyword: string,
  value: ScalarValue,
  site: CallSite,
): OptimizerArgument {
  const chain = [placeOf(site.call.callee, site, "library default")];
  const resolved = { known: true, value, alternatives: [], chain, overridable: false } as const;
  return { name, keyword, range: null, valueRange: null, given: false, resolved };
}

function beta(
  name: "beta1" | "beta2",
  index: number,
  defaultValue: number,
  given: Argument | null | "unclear",
  site: CallSite,
): OptimizerArgument {
  if (given === null) return defaulted(name, "betas", defaultValue, site);
  if (given === "unclear") return spreadArgument(name, "betas", defaultValue, site);
  const { value } = given;
  const item = value.kind === "list" ? value.items[index] : undefined;
  const unclear = { known: false, reason: "not a literal pair", chain: [placeOf(value, site, "name")] } as const;
  return {
    name,
    keyword: "betas",
    range: { start: given.start, end: given.end },
    valueRange: item === undefined ? null : { start: item.start, end: item.end },
    given: true,
    resolved: item === undefined ? unclear : resolve(item, site.scope),
  };
}

function placeOf(expression: Expression, site: CallSite, via: string) {
  return { path: site.scope.source.path, start: expression.start, end: expression.end, via };
}

function isOlder(version: string | null, [major, minor]: readonly [number, number]): boolean {
  const parts = version?.match(/^(\d+)\.(\d+)/);
  if (!parts) return false;
  return Number(parts[1]) < major || (Number(parts[1]) === major && Number(parts[2]) < minor);
}
