import { candidatesOfName } from "../facts/candidates.ts";
import { resolve } from "../facts/resolve.ts";
import { bindingsOf, type Scope } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, ParameterGroup } from "../facts/trainingFacts.ts";
import type { DictionaryLiteral, Expression } from "../syntax/tree.ts";
import type { SignatureParameter } from "./signatureArguments.ts";

/** The groups that an optimizer is given, where all of them can be read; null for plain parameters. */
export interface GivenGroups {
  readonly groups: readonly ParameterGroup[];
  /** More groups than these may exist. */
  readonly others: boolean;
}

const maximumDepth = 4;

/** The parameter groups that an expression stands for: a list of dictionaries, also through a name or a comprehension. */
export function parameterGroups(
  parameters: Expression,
  scope: Scope,
  signature: readonly SignatureParameter[],
  depth = 0,
): GivenGroups | null {
  if (depth > maximumDepth) return null;
  switch (parameters.kind) {
    case "list": {
      const found = parameters.items.map((item) =>
        item.kind === "dictionary" ? groupOf(item, scope, signature) : null,
      );
      const groups = found.filter((group) => group !== null);
      return groups.length === 0 ? null : { groups, others: groups.length < found.length };
    }
    case "comprehension": {
      const { element } = parameters;
      return element.kind === "dictionary" ? { groups: [groupOf(element, scope, signature)], others: false } : null;
    }
    case "name": {
      const found = candidatesOfName(parameters.name, parameters, scope);
      const all = (found.known ? found.candidates : []).flatMap(
        ({ expression, scope: from }) =>
          // Ranges of another file mean nothing here.
          (from.source !== scope.source || (expression.kind === "name" && expression.name === parameters.name)
            ? null
            : parameterGroups(expression, from, signature, depth + 1)) ?? [],
      );
      if (!found.known || all.length === 0) return null;
      const others =
        all.length < found.candidates.length || all.some((each) => each.others) || grows(parameters, scope);
      return { groups: all.flatMap(({ groups }) => groups), others };
    }
    default:
      return null;
  }
}

/** `groups.append({…})`, `groups += […]`. */
function grows(name: Extract<Expression, { kind: "name" }>, scope: Scope): boolean {
  const isGrown = (called: string) =>
    scope.source.callsByTerminalName
      .get(called)
      ?.some(
        ({ call }) =>
          call.callee.kind === "attribute" &&
          call.callee.object.kind === "name" &&
          call.callee.object.name === name.name,
      ) === true;
  const bindings = bindingsOf(name.name, scope) ?? [];
  return (
    ["append", "extend", "insert"].some(isGrown) ||
    bindings.some((binding) => binding.kind === "assignment" && binding.operator !== "=")
  );
}

function groupOf(
  dictionary: DictionaryLiteral,
  scope: Scope,
  signature: readonly SignatureParameter[],
): ParameterGroup {
  const settings: Partial<Record<OptimizerArgumentName, OptimizerArgument>> = {};
  let parametersText: string | null = null;
  let isWhole = true;
  for (const { key, value, range } of dictionary.entries) {
    if (key?.kind !== "string" || key.value === null) {
      isWhole = false;
      continue;
    }
    if (key.value === "params") parametersText = scope.source.text.slice(value.start, value.end);
    const name = signature.find(({ keyword }) => keyword === key.value)?.name ?? null;
    if (name === null) continue;
    settings[name] = {
      name,
      keyword: key.value,
      range: { start: range.start, end: range.end },
      valueRange: { start: value.start, end: value.end },
      given: true,
      resolved: resolve(value, scope),
    };
  }
  const { start, end } = dictionary;
  return { start, end, parametersText, arguments: settings, isWhole };
}
