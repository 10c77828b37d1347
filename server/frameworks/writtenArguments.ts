import { entryOf, literalOf } from "../facts/configurationEntries.ts";
import { resolve } from "../facts/resolve.ts";
import type { Resolved } from "../facts/resolved.ts";
import type { Scope } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, OptimizerFact, ScalarValue } from "../facts/trainingFacts.ts";
import type { DictionaryLiteral, Expression } from "../syntax/tree.ts";
import type { SignatureParameter } from "./signatureArguments.ts";

/** The arguments of a constructor as a dictionary gives them, the rest at their defaults. */
export function writtenArguments(
  dictionary: DictionaryLiteral | null,
  owner: Expression,
  parameters: readonly SignatureParameter[],
  scope: Scope,
): OptimizerFact["arguments"] {
  const all: Partial<Record<OptimizerArgumentName, OptimizerArgument>> = {};
  for (const { name, keyword, default: defaultValue } of parameters) {
    if (name === null) continue;
    const entry = entryOf(dictionary, keyword);
    all[name] =
      entry === null
        ? {
            name,
            keyword,
            range: null,
            valueRange: null,
            given: false,
            resolved: known(defaultValue, owner, scope, "library default"),
          }
        : {
            name,
            keyword,
            range: { start: entry.range.start, end: entry.range.end },
            valueRange: { start: entry.value.start, end: entry.value.end },
            given: true,
            resolved: written(entry.value, scope),
          };
  }
  return all;
}

/** A value as it is written; in Python through the names that it comes by. YAML 1.1 reads `1e-3` as text, and so it is a number here. */
export function written(value: Expression, scope: Scope): Resolved<ScalarValue> {
  if (scope.source.module.language !== "configuration") return resolve(value, scope);
  const literal = literalOf(value);
  if (literal === undefined) return { known: false, reason: "filled in when it is read", chain: [] };
  return known(literal, value, scope, "literal");
}

function known(value: ScalarValue, at: Expression, scope: Scope, via: string): Resolved<ScalarValue> {
  const chain = [{ path: scope.source.path, start: at.start, end: at.end, via }];
  return { known: true, value, alternatives: [], chain, overridable: false };
}
