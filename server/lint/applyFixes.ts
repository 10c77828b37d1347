import type { Fix } from "../rules/rule.ts";
import { applyEdits, mergeEdits } from "../text/edits.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** As ESLint's: fixes can make room for others, but two that undo each other must end. */
const maximumPasses = 10;

export interface FixOptions {
  /** Applies fixes that change the training too. */
  readonly unsafe: boolean;
}

export interface FixedText {
  readonly text: string;
  /** How many fixes were applied, by rule name. */
  readonly applied: ReadonlyMap<string, number>;
  readonly passes: number;
}

/**
 * Applies each diagnostic's preferred fix, safe ones alone or unsafe ones too, then lints again, until nothing more is fixed.
 * Within a pass a fix is made whole or not at all, and never where it overlaps one made before. Fixes that undo each other
 * lead round in a circle: it is left at the least of its texts, so that running again changes nothing.
 */
export async function applyFixes(
  text: string,
  lint: (text: string) => Promise<readonly Diagnostic[]>,
  options: FixOptions,
): Promise<FixedText> {
  const applied = new Map<string, number>();
  const texts = [text];
  let current = text;
  for (let pass = 0; pass < maximumPasses; pass++) {
    const { text: next, fixed } = applyOnce(current, await lint(current), options);
    if (next === current) return { text: current, applied, passes: pass };
    const before = texts.indexOf(next);
    if (before >= 0) return { text: [...texts.slice(before)].sort()[0] ?? current, applied, passes: pass };
    for (const { rule } of fixed) applied.set(rule, (applied.get(rule) ?? 0) + 1);
    texts.push(next);
    current = next;
  }
  return { text: current, applied, passes: maximumPasses };
}

/** One pass: the text with as many fixes as fit, and the diagnostics that they belong to. */
export function applyOnce(
  text: string,
  diagnostics: readonly Diagnostic[],
  options: FixOptions,
): { readonly text: string; readonly fixed: readonly Diagnostic[] } {
  const wanted = diagnostics.flatMap((diagnostic) => {
    const fix = preferredFix(diagnostic, options);
    const isWhole = fix !== null && applyEdits(text, fix.edits).skipped.length === 0;
    return isWhole ? [{ diagnostic, edits: fix.edits }] : [];
  });
  const { edits, taken } = mergeEdits(wanted.map((each) => each.edits));
  const made = new Set(taken);
  return {
    text: applyEdits(text, edits).text,
    fixed: wanted.filter((each) => made.has(each.edits)).map(({ diagnostic }) => diagnostic),
  };
}

/** The fix that would be applied for a diagnostic; null where there is none of the wanted grade. */
export function preferredFix(diagnostic: Diagnostic, options: FixOptions): Fix | null {
  const fix = diagnostic.fixes.find(({ applicability }) => options.unsafe || applicability === "safe");
  return fix !== undefined && fix.edits.length > 0 ? fix : null;
}
