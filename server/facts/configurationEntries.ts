import type { DictionaryLiteral, Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import type { ScalarValue } from "./trainingFacts.ts";

/** One entry of a dictionary: its key, value and both together. */
export interface Entry {
  readonly key: Expression;
  readonly value: Expression;
  readonly range: TextRange;
}

/** The entry of a literal key, the last where it comes twice; null when it is absent. */
export function entryOf(dictionary: Expression | null | undefined, key: string): Entry | null {
  if (dictionary?.kind !== "dictionary") return null;
  for (const { key: name, value, range } of dictionary.entries.toReversed()) {
    if (name?.kind === "string" && name.value === key) return { key: name, value, range };
  }
  return null;
}

/** The value behind a path of keys: `optimizer`, `params`, `lr`. */
export function valueAt(dictionary: Expression, ...keys: readonly string[]): Expression | null {
  let value: Expression | null = dictionary;
  for (const key of keys) value = entryOf(value, key)?.value ?? null;
  return value;
}

/** The scalar that is written out; undefined for anything else. */
export function literalOf(value: Expression | null | undefined): ScalarValue | undefined {
  switch (value?.kind) {
    case "number":
    case "boolean":
      return value.value;
    case "string":
      return value.value ?? undefined;
    case "null":
      return null;
    default:
      return undefined;
  }
}

/** Whether every entry is known by a literal key: nothing is merged in. */
export function isComplete(dictionary: DictionaryLiteral): boolean {
  return dictionary.entries.every(({ key }) => key?.kind === "string" && key.value !== null);
}

/** Every dictionary in an expression, outer before inner, with the keys that lead to it (null through a list). */
export function dictionariesIn(
  expression: Expression,
  path: readonly (string | null)[] = [],
): readonly { readonly dictionary: DictionaryLiteral; readonly path: readonly (string | null)[] }[] {
  if (expression.kind === "list") return expression.items.flatMap((item) => dictionariesIn(item, [...path, null]));
  if (expression.kind !== "dictionary") return [];
  const inner = expression.entries.flatMap(({ key, value }) =>
    dictionariesIn(value, [...path, key?.kind === "string" ? key.value : null]),
  );
  return [{ dictionary: expression, path }, ...inner];
}
