import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import type { FrameworkName, OptimizerFact, TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { FixDraft, FrameworkFixes } from "../frameworks/framework.ts";

/** What a refactoring may look at, all of it passed in. */
export interface RefactoringContext {
  readonly text: string;
  readonly facts: TrainingFacts;
  readonly fixesOf: (framework: FrameworkName) => FrameworkFixes;
}

/** What stands where the change was asked for, with what belongs to it: an optimizer brings the loops that it steps in. */
export interface ChangeTargets {
  readonly optimizers: readonly OptimizerFact[];
  readonly loops: readonly TrainingLoopFact[];
  readonly epochLoops: readonly EpochLoopFact[];
}

/** A change of the training that no rule asks for: what will be written, and how it changes the training in a sentence. */
export interface ProposedChange extends FixDraft {
  readonly why: string;
  /** What the code calls its subject, for telling it from the same change of another: `"optimizer_D"`. */
  readonly subject: string | null;
}

/** One kind of change: proposes it for every target that does not have it already. */
export interface Refactoring {
  readonly name: string;
  readonly propose: (context: RefactoringContext, targets: ChangeTargets) => readonly ProposedChange[];
}

/** A framework's draft as a proposal: none when the framework is not certain of an edit. */
export function proposal(
  draft: FixDraft | null,
  why: string,
  subject: string | null,
  title?: string,
): readonly ProposedChange[] {
  return draft === null ? [] : [{ ...draft, title: title ?? draft.title, why, subject }];
}
