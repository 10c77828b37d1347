import { argumentFor, type Candidates, candidatesOfName } from "../facts/candidates.ts";
import { absentKey, candidatesOfField } from "../facts/fieldCandidates.ts";
import { placeOf, resolve } from "../facts/resolve.ts";
import type { Provenance, Resolved } from "../facts/resolved.ts";
import type { CallSite, Scope } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, ScalarValue } from "../facts/trainingFacts.ts";
import type { Argument, Call, Expression } from "../syntax/tree.ts";

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
  /** It takes a pair of numbers, with these names and defaults: `betas`. */
  readonly pair?: readonly [readonly [Name, ScalarValue], readonly [Name, ScalarValue]];
  /** First release of the library that has it. */
  readonly since?: readonly [number, number];
}

/** What is known of an argument's place in the code before its value is read. */
type Written =
  | { readonly at: "default" }
  | { readonly at: "unclear"; readonly chain: readonly Provenance[] }
  | {
      readonly at: "argument" | "dictionary";
      readonly argument: Argument | null;
      readonly value: Expression;
      readonly scope: Scope;
      readonly spelling: string;
      readonly chain: readonly Provenance[];
    };

/**
 * The arguments of a constructor's call, given or defaulted. `filledIn` are calls that gave some of them before
 * (`functools.partial`), by keyword; what the call itself gives comes first.
 */
export function argumentsOfSignature<Name extends string>(
  site: CallSite,
  parameters: readonly SignatureParameter<Name>[],
  filledIn: readonly CallSite[] = [],
): Readonly<Partial<Record<Name, OptimizerArgument<Name>>>> {
  const all: Partial<Record<Name, OptimizerArgument<Name>>> = {};
  parameters.forEach((parameter, position) => {
    const { keyword, name, pair, default: defaultValue } = parameter;
    if (name === null && pair === undefined) return;
    const written = whereWritten(site, parameter, position, filledIn);
    const place = placeOf(site.call.callee, site.scope, "library default");
    if (name !== null) {
      all[name] =
        written.at === "default"
          ? defaultedArgument(name, keyword, defaultValue, place)
          : writtenArgument(name, keyword, written);
    }
    pair?.forEach(([each, value], index) => {
      all[each] =
        written.at === "default"
          ? defaultedArgument(each, keyword, value, place)
          : writtenArgument(each, keyword, itemOf(written, index));
    });
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

function whereWritten<Name extends string>(
  site: CallSite,
  { keyword, keywordOnly, aliases }: SignatureParameter<Name>,
  position: number,
  filledIn: readonly CallSite[],
): Written {
  for (const spelling of aliases ?? []) {
    const given = argumentFor(site.call, spelling, null);
    if (given !== null && given !== "unclear") return inCall(given, site.scope, spelling);
  }
  const given = argumentFor(site.call, keyword, keywordOnly === true ? null : position);
  if (given !== null && given !== "unclear") {
    return given.value.kind === "null" ? { at: "default" } : inCall(given, site.scope, keyword);
  }
  if (given === "unclear") {
    const spread = inSpread(site, [keyword, ...(aliases ?? [])]);
    if (spread.at !== "default") return spread;
  }
  for (const { call, scope } of filledIn) {
    const before = argumentFor(call, keyword, null);
    if (before === "unclear") {
      const spread = inSpread({ call, scope }, [keyword, ...(aliases ?? [])]);
      if (spread.at !== "default") return spread;
    } else if (before !== null) {
      const written = inCall(before, scope, keyword);
      // Ranges of another file mean nothing here.
      return scope.source === site.scope.source ? written : { ...written, argument: null };
    }
  }
  return { at: "default" };
}

function inCall(argument: Argument, scope: Scope, spelling: string) {
  return { at: "argument", argument, value: argument.value, scope, spelling, chain: [] } as const;
}

/** An argument that can only come through `*` or `**`: read from the dictionary where that is a literal. */
function inSpread({ call, scope }: { call: Call; scope: Scope }, spellings: readonly string[]): Written {
  let found: Written = { at: "default" };
  for (const { spread, value } of call.arguments) {
    if (spread === null) continue;
    const chain = [placeOf(value, scope, "keyword dictionary")];
    if (spread === "list") return { at: "unclear", chain };
    for (const spelling of spellings) {
      const field = candidatesOfField(value, spelling, value, scope);
      if (!field.known) {
        if (field.reason !== absentKey && found.at === "default") found = { at: "unclear", chain };
        continue;
      }
      const only = onlyCandidate(field);
      found =
        only === null
          ? { at: "unclear", chain }
          : { at: "dictionary", argument: null, value: only.value, scope: only.scope, spelling, chain };
    }
  }
  return found;
}

/** One item of a pair: of a literal, or of a name that is set to one. */
function itemOf(written: Written, index: number): Written {
  if (written.at === "default" || written.at === "unclear") return written;
  const { value, scope } = written;
  const found = value.kind === "name" ? onlyCandidate(candidatesOfName(value.name, value, scope)) : { value, scope };
  const item = found?.value.kind === "list" ? found.value.items[index] : undefined;
  if (found === null || item === undefined) return { at: "unclear", chain: [placeOf(value, scope, "name")] };
  return { ...written, value: item, scope: found.scope };
}

function onlyCandidate(found: Candidates): { readonly value: Expression; readonly scope: Scope } | null {
  const [only, ...others] = found.known ? found.candidates : [];
  if (only === undefined || others.length > 0 || only.position !== null) return null;
  return { value: only.expression, scope: only.scope };
}

function writtenArgument<Name extends string>(
  name: Name,
  keyword: string,
  written: Exclude<Written, { at: "default" }> | Written,
): OptimizerArgument<Name> {
  if (written.at === "default" || written.at === "unclear") {
    const chain = written.at === "unclear" ? written.chain : [];
    const resolved: Resolved<ScalarValue> = { known: false, reason: "passed through * or **", chain };
    return { name, keyword, range: null, valueRange: null, given: true, resolved };
  }
  const { argument, value, scope, spelling, chain } = written;
  const resolved = resolve(value, scope);
  return {
    name,
    keyword: spelling,
    range: argument === null ? null : { start: argument.start, end: argument.end },
    valueRange: argument === null ? null : { start: value.start, end: value.end },
    given: true,
    resolved: { ...resolved, chain: [...chain, ...resolved.chain] },
  };
}
