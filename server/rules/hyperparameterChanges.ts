import type { HyperparameterFact, ScalarValue } from "../facts/trainingFacts.ts";
import { scalarText } from "./argumentText.ts";

/** A hyperparameter of an earlier state: of a git revision, or of a run. */
export interface EarlierHyperparameter {
  readonly name: string;
  readonly value: ScalarValue;
  /** As it was written. */
  readonly valueText: string;
  /** Where it stood: `"line 12"`, `"cell 3, line 2"`, `"--lr on the command line"`; null where that is not known. */
  readonly place: string | null;
}

/** A hyperparameter whose value differs from the earlier one. */
export interface HyperparameterChange {
  readonly before: EarlierHyperparameter;
  /** Where the new value is written: one place, or several that a layer's size is written in. */
  readonly after: readonly [HyperparameterFact, ...HyperparameterFact[]];
}

/**
 * Pairs by name, in the order of the file. A name that occurs a different number of times on the two sides was added,
 * removed or renamed, which is no changed value; one literal that goes by two names counts once, and so does a layer's size
 * that became the same other size in several places.
 */
export function changedHyperparameters(
  before: readonly EarlierHyperparameter[],
  after: readonly HyperparameterFact[],
): readonly HyperparameterChange[] {
  const earlier = byName(before);
  const changes = new Map<string, HyperparameterChange>();
  const seen = new Set<number>();
  for (const [name, now] of byName(after)) {
    const then = earlier.get(name) ?? [];
    if (then.length !== now.length) continue;
    for (const [index, fact] of now.entries()) {
      const old = then[index];
      if (old === undefined || Object.is(old.value, fact.value) || seen.has(fact.valueRange.start)) continue;
      seen.add(fact.valueRange.start);
      const key = fact.isSize === true ? `size ${old.value} ${fact.value}` : `at ${fact.valueRange.start}`;
      const known = changes.get(key);
      changes.set(
        key,
        known === undefined ? { before: old, after: [fact] } : { ...known, after: [...known.after, fact] },
      );
    }
  }
  return [...changes.values()].sort((a, b) => a.after[0].valueRange.start - b.after[0].valueRange.start);
}

/** `lr 0.001 → 3e-4` */
export function changeText({ before, after: [first] }: HyperparameterChange): string {
  return `${shortName(first.name)} ${scalarText(before.value)} → ${scalarText(first.value)}`;
}

/** The same with where the old value stands: `lr 0.001 → 3e-4 (line 12 at HEAD)`. */
export function placedChangeText(change: HyperparameterChange, baseline: string): string {
  const { place } = change.before;
  return place === null ? changeText(change) : `${changeText(change)} (${place} at ${baseline})`;
}

/** The last part of a dotted name, without its number. */
export function shortName(name: string): string {
  return baseName(name).slice(baseName(name).lastIndexOf(".") + 1);
}

/** The name without the number that tells it from others of the same name: `Dropout.p` of `Dropout.p#2`. */
function baseName(name: string): string {
  return name.replace(/#\d+$/, "");
}

function byName<T extends { readonly name: string }>(facts: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const fact of facts) {
    const name = baseName(fact.name);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [fact]);
    else group.push(fact);
  }
  return groups;
}
