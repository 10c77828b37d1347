/**
 * What the product offers on a script, by the functions that the editor and the command line use.
 *
 * A refactoring becomes one more case of every script by one more entry in `offerSources`: a function from a script and what the
 * linter says about it to offers. An offer's `effect` names what its run has to show: a function of that name in
 * `harness/torch_effects.py`, `harness/keras_effects.py` and so on. An offer of which no effect is known fails the tests.
 */
import type { LintResult } from "../../server/lint/diagnostic.ts";
import { createLinter } from "../../server/lint/linter.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { rules } from "../../server/rules/index.ts";
import type { Baseline, Fix } from "../../server/rules/rule.ts";

export interface Offer {
  /** The rule that complains; null for a refactoring. */
  readonly rule: string | null;
  readonly effect: string;
  readonly fix: Fix;
}

export interface Source {
  /** `train.py`: what stands in test folders is not linted as training code. */
  readonly path: string;
  readonly text: string;
  readonly baseline?: Baseline | null;
}

const linter = createLinter(createParsers());
/** Rules that wait for a verdict on a run are tried as if one named them. */
const suspected = new Set(rules.filter(({ liveOnly }) => liveOnly === true).map(({ name }) => name));

export function lint(source: Source): Promise<LintResult> {
  return linter.lintText({ ...source, suspected });
}

export const offerSources: readonly ((source: Source, result: LintResult) => readonly Offer[])[] = [
  (_source, { diagnostics }) =>
    diagnostics.flatMap(({ rule, fixes }) => fixes.map((fix) => ({ rule, effect: rule, fix }))),
];

/** How often each rule complains. */
export function complaints({ diagnostics }: LintResult): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { rule } of diagnostics) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return counts;
}
