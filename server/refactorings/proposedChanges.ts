import type { TextEdit, TextRange } from "../text/range.ts";
import { addClipping } from "./addClipping.ts";
import { addSchedule } from "./addSchedule.ts";
import { targetsAt } from "./changeTargets.ts";
import { logGradientNorm } from "./logGradientNorm.ts";
import { raiseEps } from "./raiseEps.ts";
import type { ProposedChange, Refactoring, RefactoringContext } from "./refactoring.ts";
import { switchToAdamW } from "./switchToAdamW.ts";
import { turnOnAmsgrad } from "./turnOnAmsgrad.ts";

/** In the order in which they are worth trying: what only watches, what limits, what changes the optimizer. */
const refactorings: readonly Refactoring[] = [
  logGradientNorm,
  addClipping,
  addSchedule,
  switchToAdamW,
  turnOnAmsgrad,
  raiseEps,
];

/** Holds for all of them: each is a change of the training that only a run tells the worth of. */
export const oneAtATime = "One change at a time tells what helped.";

/**
 * The changes worth trying on the optimizer, Trainer or training loop that a range touches, without those that the code has
 * already. `taken` are edits that rules offer: what a rule says better is not proposed beside it.
 */
export function proposedChanges(
  context: RefactoringContext,
  range: TextRange,
  taken: readonly (readonly TextEdit[])[],
): readonly ProposedChange[] {
  const targets = targetsAt(context, range);
  if (targets === null) return [];
  const seen = new Set(taken.map(keyOf));
  const changes = refactorings
    .flatMap((refactoring) => refactoring.propose(context, targets))
    .filter(({ edits }) => {
      const key = keyOf(edits);
      return edits.length > 0 && !seen.has(key) && seen.add(key);
    });
  const isShared = ({ title }: ProposedChange) => changes.filter((other) => other.title === title).length > 1;
  return changes.map((change) =>
    change.subject !== null && isShared(change)
      ? { ...change, title: `${change.title} for ${change.subject}` }
      : change,
  );
}

function keyOf(edits: readonly TextEdit[]): string {
  return JSON.stringify(edits.map(({ start, end, newText }) => [start, end, newText]));
}
