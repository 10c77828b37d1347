import { argumentFor } from "../facts/candidates.ts";
import { absentKey, candidatesOfField } from "../facts/fieldCandidates.ts";
import { resolve } from "../facts/resolve.ts";
import type { Provenance, Resolved } from "../facts/resolved.ts";
import type { CallSite } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, ScalarValue } from "../facts/trainingFacts.ts";
import type { Argument, Expression } from "../syntax/tree.ts";

/** One parameter of a constructor, in positional order. */
export interface SignatureParameter<Name extends string = OptimizerArgumentName> {
  readonly keyword: string;
  /** It has no position. */
  readonly keywordOnly?: boolean;
  /** Older spellings that mean the same: `lr` for Keras's `learning_rate`. */
  readonly aliases?: readonly string[];
  /** Null for parameters that facts do not speak of, which still count for positions. */
  readonly name: Name | null;
  readonly default: ScalarValue;
}

/** The arguments of a constructor's call, given or defaulted. */
export function argumentsOfSignature<Name extends string>(
  site: CallSite,
  parameters: readonly SignatureParameter<Name>[],
): Readonly<Partial<Record<Name, OptimizerArgument<Name>>>> {
  const all: Partial<Record<Name, OptimizerArgument<Name>>> = {};
  parameters.forEach(({ keyword, keywordOnly, aliases, name, default: defaultValue }, position) => {
    if (name === null) return;
    for (const spelling of aliases ?? []) {
      const given = argumentFor(site.call, spelling, null);
      if (given !== null && given !== "unclear") {
        all[name] = givenArgument(name, spelling, given, site);
        return;
      }
    }
    const given = argumentFor(site.call, keyword, keywordOnly === true ? null : position);
    if (given === "unclear") all[name] = spreadArgument(name, keyword, aliases ?? [], defaultValue, site);
    else if (given === null || given.value.kind === "null")
      all[name] = defaultedArgument(name, keyword, defaultValue, placeOf(site.call.callee, site, "library default"));
    else all[name] = givenArgument(name, keyword, given, site);
  });
  return all;
}

/** An argument at its library's default. */
export function defaultedArgument<Name extends string>(
  name: Name,
  keyword: string,
  value: ScalarValue,
  place: Provenance,
): OptimizerArgument<Name> {
  const resolved = { known: true, value, alternatives: [], chain: [place], overridable: false } as const;
  return { name, keyword, range: null, valueRange: null, given: false, resolved };
}

function givenArgument<Name extends string>(
  name: Name,
  keyword: string,
  given: Argument,
  site: CallSite,
): OptimizerArgument<Name> {
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

/** An argument that can only come through `*` or `**`: read from the dictionary where that is a literal. */
function spreadArgument<Name extends string>(
  name: Name,
  keyword: string,
  aliases: readonly string[],
  defaultValue: ScalarValue,
  site: CallSite,
): OptimizerArgument<Name> {
  let resolved: Resolved<ScalarValue> | null = null;
  for (const { spread, value } of site.call.arguments) {
    if (spread === null) continue;
    const chain = [placeOf(value, site, "keyword dictionary")];
    const unclear = { known: false, reason: "passed through * or **", chain } as const;
    if (spread === "list") return { name, keyword, range: null, valueRange: null, given: true, resolved: unclear };
    for (const spelling of [keyword, ...aliases]) {
      const field = candidatesOfField(value, spelling, value, site.scope);
      if (!field.known) {
        if (field.reason !== absentKey) resolved ??= unclear;
        continue;
      }
      const only = field.candidates.length === 1 ? field.candidates[0] : undefined;
      const found = only === undefined ? unclear : resolve(only.expression, only.scope);
      resolved = { ...found, chain: [...chain, ...found.chain] };
    }
  }
  if (resolved === null)
    return defaultedArgument(name, keyword, defaultValue, placeOf(site.call.callee, site, "library default"));
  return { name, keyword, range: null, valueRange: null, given: true, resolved };
}

function placeOf(expression: Expression, site: CallSite, via: string): Provenance {
  return { path: site.scope.source.path, start: expression.start, end: expression.end, via };
}
