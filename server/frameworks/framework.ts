import type { UnaveragedAccumulationFact } from "../facts/accumulationFacts.ts";
import type { AnomalyDetectionFact } from "../facts/anomalyDetectionFacts.ts";
import type { BatchLoopFact } from "../facts/batchLoopFacts.ts";
import type { UnsavedStateFact } from "../facts/checkpointFacts.ts";
import type { DecayedNormFact } from "../facts/decayedNormFacts.ts";
import type { DeepSpeedKeyFact } from "../facts/deepSpeedFacts.ts";
import type { DeprecatedAmpFact } from "../facts/deprecatedAmpFacts.ts";
import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import type { EvaluationModeFact } from "../facts/evaluationModeFacts.ts";
import type { ExhaustedParametersFact } from "../facts/exhaustedParametersFacts.ts";
import type { HiddenNonfiniteFact } from "../facts/hiddenNonfiniteFacts.ts";
import type { IneffectiveClipFact } from "../facts/ineffectiveClipFacts.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import type { LossLogFact } from "../facts/lossLogFacts.ts";
import type { LossScalerMisuse } from "../facts/lossScalerFacts.ts";
import type { OptimizerRestoreFact } from "../facts/optimizerRestoreFacts.ts";
import type { SamplerEpochFact } from "../facts/samplerEpochFacts.ts";
import type { SchedulerFact, SchedulerStepFact } from "../facts/schedulerFacts.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type {
  FrameworkName,
  GraphAccumulationFact,
  LossTermFact,
  OptimizerFact,
  TrainingEvent,
  TrainingFacts,
  TrainingLoopFact,
} from "../facts/trainingFacts.ts";
import type { UnguardedLoopFact } from "../facts/unguardedLoopFacts.ts";
import type { UnshuffledDataFact } from "../facts/unshuffledDataFacts.ts";
import type { TextEdit, TextRange } from "../text/range.ts";

/** A cheap look at a text that names a framework. */
export interface FrameworkNeeds {
  /** Without any of these words, of three ASCII characters or more, no closer look is taken. */
  readonly words: readonly string[];
  /** The closer look, at a text with the words that were found in it. */
  readonly test: (text: string, found: ReadonlySet<string>) => boolean;
}

/** One library whose training code is understood: `frameworks/NAME.ts`, with one line in `frameworks/index.ts`. */
export interface Framework {
  readonly name: FrameworkName;
  /** How users know it: "PyTorch". */
  readonly title: string;
  readonly language: "python" | "typescript" | "configuration";
  /** A text that contains none of these needs no parsing for this framework. */
  readonly mentions: readonly string[];
  /**
   * What a text must hold beside a mention for any rule to have something to find; `check` does not parse a text without it. Every
   * new kind of fact adds its words here. Left out, a mention is enough.
   */
  readonly needs?: FrameworkNeeds;
  /** What the file says through this library's API; null when it does not use it. */
  readonly collect: (source: SourceIndex, libraryVersions: ReadonlyMap<string, string>) => FrameworkFacts | null;
  /** The fixes that it has a way to write. */
  readonly fixes: Partial<FrameworkFixes>;
}

/** The facts that one framework contributes; indices into `optimizers` count its own, and are shifted when facts are merged. */
export type FrameworkFacts = Partial<
  Omit<TrainingFacts, "path" | "language" | "frameworks" | "hyperparameters" | "logDestinations" | "imports">
>;

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
  readonly clipGradientNorm: (
    context: FixContext,
    loop: TrainingLoopFact,
    step: TrainingEvent,
    maximumNorm: number,
  ) => FixDraft | null;
  /** Inserts `unscale_` before the clip. */
  readonly unscaleBeforeClip: (context: FixContext, loop: TrainingLoopFact, clip: TrainingEvent) => FixDraft | null;
  /** The optimizer with decoupled decay and the same arguments (AdamW), with its import. */
  readonly decoupleWeightDecay: (context: FixContext, optimizer: OptimizerFact) => FixDraft | null;
  /** Divides by the largest second moment so far. */
  readonly turnOnAmsgrad: (context: FixContext, optimizer: OptimizerFact) => FixDraft | null;
  /** Sets or replaces one number among the optimizer's arguments. */
  readonly setOptimizerArgument: (
    context: FixContext,
    optimizer: OptimizerFact,
    name: "eps" | "learningRate",
    literal: string,
  ) => FixDraft | null;
  /** Inserts `zero_grad` before backward, or moves it there. */
  readonly zeroGradients: (context: FixContext, loop: TrainingLoopFact) => FixDraft | null;
  /** Moves a clip right before the step, with its `unscale_`. */
  readonly moveClip: (
    context: FixContext,
    loop: TrainingLoopFact,
    clip: TrainingEvent,
    step: TrainingEvent,
  ) => FixDraft | null;
  /** Divides the loss by the number of accumulated micro-batches, once. */
  readonly averageAccumulation: (context: FixContext, fact: UnaveragedAccumulationFact) => FixDraft | null;
  /** Moves a scheduler's step right behind a statement. */
  readonly moveSchedulerStep: (context: FixContext, step: SchedulerStepFact, behind: TextRange) => FixDraft | null;
  /** Gives a scheduler's step the validation loss that it watches. */
  readonly stepOnMetric: (context: FixContext, step: SchedulerStepFact) => FixDraft | null;
  /** Steps a scheduler that nothing steps. */
  readonly stepScheduler: (context: FixContext, scheduler: SchedulerFact) => FixDraft | null;
  /** Lowers the rate over a loop of epochs: on a plateau of the validation loss where there is one, else along a cosine. */
  readonly scheduleRate: (context: FixContext, optimizer: OptimizerFact, epochs: EpochLoopFact) => FixDraft | null;
  /** Raises the rate over the first epochs or steps of a loop, and lowers it along a cosine over the rest. */
  readonly warmUpRate: (context: FixContext, optimizer: OptimizerFact, epochs: EpochLoopFact) => FixDraft | null;
  /** Raises the rate over the first steps of a schedule that begins at its full rate. */
  readonly warmUpSchedule: (context: FixContext, scheduler: SchedulerFact, optimizer: OptimizerFact) => FixDraft | null;
  /** Puts one call of a loss scaler right. */
  readonly correctScalerCall: (
    context: FixContext,
    loop: TrainingLoopFact,
    misuse: LossScalerMisuse,
  ) => FixDraft | null;
  /** Scales the loss of a loop that does not, in every place that takes part. */
  readonly addGradScaler: (context: FixContext, loop: TrainingLoopFact) => FixDraft | null;
  /** Keeps the parameters of a clip in a list. */
  readonly listParameters: (context: FixContext, exhausted: ExhaustedParametersFact) => FixDraft | null;
  /** The current spelling of mixed precision. */
  readonly currentAmp: (context: FixContext, fact: DeprecatedAmpFact) => FixDraft | null;
  /** Puts models into evaluation mode and gradients off for a validation pass, or back into training after it. */
  readonly setEvaluationMode: (context: FixContext, fact: EvaluationModeFact) => FixDraft | null;
  /** Saves the state that a checkpoint leaves out, and reads it back. */
  readonly saveState: (context: FixContext, fact: UnsavedStateFact) => FixDraft | null;
  /** Lets training data come in another order in every epoch. */
  readonly shuffleTrainingData: (context: FixContext, fact: UnshuffledDataFact) => FixDraft | null;
  /** Tells a sampler the epoch, where the loop over epochs begins. */
  readonly setSamplerEpoch: (context: FixContext, fact: SamplerEpochFact) => FixDraft | null;
  /** Takes the number out of the graph: `.item()`. */
  readonly detachLoss: (context: FixContext, accumulation: GraphAccumulationFact) => FixDraft | null;
  /** The stable form of a loss term. */
  readonly stabilizeLossTerm: (context: FixContext, term: LossTermFact) => FixDraft | null;
  /** Gives a loss the kind of input that it expects. */
  readonly correctLossInput: (context: FixContext, lossCall: LossCallFact) => FixDraft | null;
  /** Makes a clip that does nothing limit gradients. */
  readonly makeClipEffective: (context: FixContext, clip: IneffectiveClipFact, maximumNorm: number) => FixDraft | null;
  /** Lets NaN and infinite losses be seen. */
  readonly showNonfinite: (context: FixContext, hidden: HiddenNonfiniteFact) => FixDraft | null;
  /** Puts a key of a DeepSpeed configuration right. */
  readonly correctDeepSpeedKey: (context: FixContext, key: DeepSpeedKeyFact) => FixDraft | null;
  /** Takes a debugging search for NaN out. */
  readonly removeAnomalyDetection: (context: FixContext, fact: AnomalyDetectionFact) => FixDraft | null;
  /** Keeps weight decay away from biases and norms. */
  readonly exemptNorms: (context: FixContext, optimizer: OptimizerFact, fact: DecayedNormFact) => FixDraft | null;
  /** Steps, or goes on, only where the loss or the gradients are finite, and says where they are not. */
  readonly guardStep: (context: FixContext, loop: TrainingLoopFact, fact: UnguardedLoopFact) => FixDraft | null;
  /** Logs the gradient norm where the loss is logged, with the same logger. */
  readonly logGradientNorm: (context: FixContext, loop: TrainingLoopFact, log: LossLogFact) => FixDraft | null;
  /** Logs, every so many steps, how far Adam's second moment is behind the gradients and how large its updates are. */
  readonly logAdamState: (context: FixContext, loop: TrainingLoopFact, log: LossLogFact | null) => FixDraft | null;
  /** Logs the number of every batch, and what names its samples. */
  readonly identifyBatches: (
    context: FixContext,
    loop: TrainingLoopFact,
    batches: BatchLoopFact,
    log: LossLogFact | null,
  ) => FixDraft | null;
  /** Builds the optimizer anew at a tenth of its rate, the weights kept: behind the place that restores its state, where there is one. */
  readonly resetOptimizer: (
    context: FixContext,
    optimizer: OptimizerFact,
    restore: OptimizerRestoreFact | null,
    rate: string | null,
  ) => FixDraft | null;
}
