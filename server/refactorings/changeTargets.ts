import { isBackward, isStep } from "../facts/eventKinds.ts";
import type { TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";
import type { ChangeTargets, RefactoringContext } from "./refactoring.ts";

/**
 * The optimizers, loops and trainers on whose lines a range lies: those of an optimizer's call, a trainer's, a loop's header, or
 * where a loop steps or goes backward. What a loop holds beside those is other code. Null where there are none.
 */
export function targetsAt({ text, facts }: RefactoringContext, range: TextRange): ChangeTargets | null {
  const touches = ({ start, end }: TextRange) => {
    const lineEnd = text.indexOf("\n", end);
    return text.lastIndexOf("\n", start - 1) < range.end && (lineEnd < 0 || range.start <= lineEnd);
  };
  const optimizers = new Set<number>();
  for (const [index, optimizer] of facts.optimizers.entries()) {
    if (optimizer.elsewhere === undefined && touches(optimizer)) optimizers.add(index);
  }
  const isOwn = (each: { readonly optimizers: readonly number[] }) =>
    each.optimizers.some((index) => optimizers.has(index));
  const isWithin = (inner: TextRange, outer: TextRange) => outer.start <= inner.start && inner.end <= outer.end;
  const isAt = ({ header, start, events }: TrainingLoopFact) =>
    touches(header) ||
    facts.trainers.some((trainer) => trainer.start === start && touches(trainer)) ||
    events.some((event) => (isStep(event) || isBackward(event)) && touches(event.statement));
  const touched = facts.epochLoops.filter(({ header }) => touches(header));
  const loops = facts.loops.filter(
    (loop) => isAt(loop) || isOwn(loop) || touched.some((epochs) => isWithin(loop, epochs)),
  );
  const epochLoops = facts.epochLoops.filter(
    (epochs) => touched.includes(epochs) || isOwn(epochs) || loops.some((loop) => isWithin(loop, epochs)),
  );
  for (const each of [...loops, ...epochLoops]) for (const index of each.optimizers) optimizers.add(index);
  if (optimizers.size === 0 && loops.length === 0) return null;
  return { optimizers: [...optimizers].flatMap((index) => facts.optimizers[index] ?? []), loops, epochLoops };
}
