import type {
  FrameworkName,
  GraphAccumulationFact,
  LossTermFact,
  OptimizerFact,
  TrainingEvent,
  TrainingFacts,
  TrainingLoopFact,
} from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";

/** Edits in this framework's way of writing, with the title that says what will be written. */
export interface FixDraft {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

/** What a fix has to know of the file it changes. */
export interface FixContext {
  readonly text: string;
  readonly facts: TrainingFacts;
}

/** How a framework writes each fix; null where no right edit is certain. */
export interface FrameworkFixes {
  /** Clips the gradient norm right before the step, after `unscale_` (inserted when a scaler is on), on the optimizer's own parameters. */
  clipGradientNorm(
    context: FixContext,
    loop: TrainingLoopFact,
    step: TrainingEvent,
    maximumNorm: number,
  ): FixDraft | null;
  /** Inserts `unscale_` before the clip. */
  unscaleBeforeClip(context: FixContext, loop: TrainingLoopFact, clip: TrainingEvent): FixDraft | null;
  /** The optimizer with decoupled decay and the same arguments (AdamW), with its import. */
  decoupleWeightDecay(context: FixContext, optimizer: OptimizerFact): FixDraft | null;
  /** Sets or replaces one number among the optimizer's arguments. */
  setOptimizerArgument(
    context: FixContext,
    optimizer: OptimizerFact,
    name: "eps" | "learningRate",
    literal: string,
  ): FixDraft | null;
  /** Inserts `zero_grad` before backward, or moves it there. */
  zeroGradients(context: FixContext, loop: TrainingLoopFact): FixDraft | null;
  /** Takes the number out of the graph: `.item()`. */
  detachLoss(context: FixContext, accumulation: GraphAccumulationFact): FixDraft | null;
  /** The stable form of a loss term. */
  stabilizeLossTerm(context: FixContext, term: LossTermFact): FixDraft | null;
}

/** One library whose training code is understood: `frameworks/NAME.ts`, with one line in `frameworks/index.ts`. */
export interface Framework {
  readonly name: FrameworkName;
  /** How users know it: "PyTorch". */
  readonly title: string;
  /** A text that contains none of these needs no parsing for this framework. */
  readonly mentions: readonly string[];
  readonly fixes: FrameworkFixes;
}
