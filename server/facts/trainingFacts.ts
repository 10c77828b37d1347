import type { TextRange } from "../text/range.ts";
import type { UnaveragedAccumulationFact } from "./accumulationFacts.ts";
import type { AnomalyDetectionFact } from "./anomalyDetectionFacts.ts";
import type { BatchLoopFact } from "./batchLoopFacts.ts";
import type { UnsavedStateFact } from "./checkpointFacts.ts";
import type { DecayedNormFact } from "./decayedNormFacts.ts";
import type { DeepSpeedKeyFact } from "./deepSpeedFacts.ts";
import type { DeprecatedAmpFact } from "./deprecatedAmpFacts.ts";
import type { EpochLoopFact } from "./epochLoopFacts.ts";
import type { EvaluationModeFact } from "./evaluationModeFacts.ts";
import type { EventBranch } from "./eventBranches.ts";
import type { ExhaustedParametersFact } from "./exhaustedParametersFacts.ts";
import type { HiddenNonfiniteFact } from "./hiddenNonfiniteFacts.ts";
import type { IneffectiveClipFact } from "./ineffectiveClipFacts.ts";
import type { L2PenaltyFact } from "./l2PenaltyFacts.ts";
import type { LogDestinationFact } from "./logDestinationFacts.ts";
import type { LossCallFact } from "./lossCallFacts.ts";
import type { LossLogFact } from "./lossLogFacts.ts";
import type { LossScalerCallFact } from "./lossScalerFacts.ts";
import type { MissingParametersFact } from "./missingParametersFacts.ts";
import type { OptimizerRestoreFact } from "./optimizerRestoreFacts.ts";
import type { Resolved } from "./resolved.ts";
import type { SamplerEpochFact } from "./samplerEpochFacts.ts";
import type { LearningRateWriteFact, SchedulerFact } from "./schedulerFacts.ts";
import type { SmallNormBatchFact } from "./smallNormBatchFacts.ts";
import type { TrainerFact } from "./trainerFacts.ts";
import type { UnguardedLoopFact } from "./unguardedLoopFacts.ts";
import type { UnshuffledDataFact } from "./unshuffledDataFacts.ts";
import type { UnvalidatedTrainingFact } from "./unvalidatedTrainingFacts.ts";

/** Libraries whose training code is understood. A file can use several. */
export type FrameworkName =
  | "pytorch"
  | "tensorflowjs"
  | "handwritten"
  | "keras"
  | "tensorflow1"
  | "optax"
  | "huggingface"
  | "lightning"
  | "deepspeed"
  | "configuration";

/** What a file says about training: plain data, each fact with its range. Rules read this and never the tree. */
export interface TrainingFacts {
  readonly path: string;
  readonly language: "python" | "typescript" | "configuration";
  readonly frameworks: readonly FrameworkName[];
  readonly optimizers: readonly OptimizerFact[];
  readonly loops: readonly TrainingLoopFact[];
  readonly precision: readonly PrecisionFact[];
  readonly traits: readonly ModelTraitFact[];
  readonly lossTerms: readonly LossTermFact[];
  readonly lossCalls: readonly LossCallFact[];
  readonly l2Penalties: readonly L2PenaltyFact[];
  readonly graphAccumulations: readonly GraphAccumulationFact[];
  readonly trainers: readonly TrainerFact[];
  readonly ineffectiveClips: readonly IneffectiveClipFact[];
  readonly hiddenNonfinites: readonly HiddenNonfiniteFact[];
  readonly deepSpeedKeys: readonly DeepSpeedKeyFact[];
  readonly schedulers: readonly SchedulerFact[];
  readonly learningRateWrites: readonly LearningRateWriteFact[];
  readonly epochLoops: readonly EpochLoopFact[];
  readonly unaveragedAccumulations: readonly UnaveragedAccumulationFact[];
  readonly lossScalerCalls: readonly LossScalerCallFact[];
  readonly exhaustedParameters: readonly ExhaustedParametersFact[];
  readonly deprecatedAmp: readonly DeprecatedAmpFact[];
  readonly evaluationModes: readonly EvaluationModeFact[];
  readonly missingParameters: readonly MissingParametersFact[];
  readonly unsavedState: readonly UnsavedStateFact[];
  readonly lossLogs: readonly LossLogFact[];
  readonly batchLoops: readonly BatchLoopFact[];
  readonly optimizerRestores: readonly OptimizerRestoreFact[];
  readonly decayedNorms: readonly DecayedNormFact[];
  readonly anomalyDetections: readonly AnomalyDetectionFact[];
  readonly unguardedLoops: readonly UnguardedLoopFact[];
  readonly unvalidatedTrainings: readonly UnvalidatedTrainingFact[];
  readonly unshuffledData: readonly UnshuffledDataFact[];
  readonly smallNormBatches: readonly SmallNormBatchFact[];
  readonly samplerEpochs: readonly SamplerEpochFact[];
  /** Every named hyperparameter of the file that resolves, for comparing with an earlier version of it. */
  readonly hyperparameters: readonly HyperparameterFact[];
  /** Where the file's own code writes logs to. */
  readonly logDestinations: readonly LogDestinationFact[];
  /** Every name that the file imports: what fixes need to write a name the way the file does. */
  readonly imports: readonly ImportFact[];
}

/** One imported name; the range is that of the name in the import statement (`Adam as A`). */
export interface ImportFact extends TextRange {
  /** `"torch.optim"`, `"@tensorflow/tfjs"`. */
  readonly module: string;
  /** As in `syntax/tree.ts`: null when the module itself is bound, `"*"` for a star import. */
  readonly imported: string | null;
  readonly local: string;
  readonly statement: TextRange;
  /** How often the local name is read in the file. */
  readonly uses: number;
}

/** The field's names; PyTorch's `lr` is `learningRate`, Keras's `epsilon` is `eps`. */
export type OptimizerArgumentName =
  | "learningRate"
  | "eps"
  | "weightDecay"
  | "beta1"
  | "beta2"
  | "amsgrad"
  | "momentum"
  | "decoupledWeightDecay"
  | "fused";

export type ScalarValue = number | boolean | string | null;

/** An optimizer built in the code. An `if name == "adam"` ladder gives one fact a branch. */
export interface OptimizerFact extends TextRange {
  readonly framework: FrameworkName;
  /** The file that builds it where that is another one, which its ranges then refer to. See `optimizersHere`. */
  readonly elsewhere?: string;
  /** As written, without its module: `"Adam"`, `"train.adam"`. */
  readonly constructorName: string;
  /** Lower-case canonical name: `"adam"`, `"adamw"`, `"nadam"`, `"radam"`, `"adamax"`, `"sgd"`, `"rmsprop"`, … */
  readonly algorithm: string;
  /** Divides by a running root mean square of gradients (Adam family, RMSprop, Adagrad, …). */
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
  /** The constructor's name in the call, what findings about the optimizer underline. */
  readonly nameRange: TextRange;
  /** Dotted text of what it is bound to (`"optimizer"`, `"self.opt"`), null when passed on at once. */
  readonly boundTo: string | null;
  /** Text of the parameters argument (`"model.parameters()"`), null when it has none. */
  readonly parametersText: string | null;
  /** True when the parameters are a literal list of groups with their own settings. */
  readonly hasParameterGroups: boolean;
  /** Those groups where they can be read. */
  readonly groups?: readonly ParameterGroup[];
  /** Beside `groups` it has, or may have, parameters that are in none of them. */
  readonly hasOtherGroups?: boolean;
  /** It limits gradients or updates by itself unless told otherwise: Adafactor, apex's FusedLAMB. */
  readonly clipsItself?: boolean;
  /** Its parameters are those of a model whose weights are loaded, or of one that begins at random; missing where the model is not known. */
  readonly tunesPretrained?: boolean;
  /** The tests around it do not let it be built unless a command line or a config says so (`"off"`), or they are not known. */
  readonly byDefault?: "off" | "unclear";
  /** The expression that combines it with other transformations (`optax.chain(…)`), where there is one. */
  readonly composition?: TextRange;
  /** Given or defaulted; a name missing here does not exist for this optimizer. */
  readonly arguments: Readonly<Partial<Record<OptimizerArgumentName, OptimizerArgument>>>;
  /** The library version is not pinned, or its default table does not depend on it: null; else the version used. */
  readonly libraryVersion: string | null;
}

/** Parameters with settings of their own, which come before those of the optimizer. */
export interface ParameterGroup extends TextRange {
  readonly parametersText: string | null;
  readonly arguments: Readonly<Partial<Record<OptimizerArgumentName, OptimizerArgument>>>;
  /** Nothing is merged into it that may hold more settings. */
  readonly isWhole: boolean;
}

/** The optimizers that the file itself builds: those whose ranges lie in it. */
export function optimizersHere({ optimizers }: Pick<TrainingFacts, "optimizers">): readonly OptimizerFact[] {
  return optimizers.filter(({ elsewhere }) => elsewhere === undefined);
}

/** One setting of a constructor: of an optimizer, or of a trainer under the names that those have. */
export interface OptimizerArgument<Name extends string = OptimizerArgumentName> {
  readonly name: Name;
  /** Keyword in this framework: `lr`, `epsilon`, … */
  readonly keyword: string;
  /** The whole argument (`lr=1e-3`), null when not given or given through `**kwargs`. */
  readonly range: TextRange | null;
  /** The argument's value alone. */
  readonly valueRange: TextRange | null;
  /** False when the library's default holds. */
  readonly given: boolean;
  readonly resolved: Resolved<ScalarValue>;
}

export type TrainingEventKind =
  | "zero-grad"
  | "backward"
  | "scaled-backward"
  | "unscale"
  | "clip"
  | "optimizer-step"
  | "scaler-step"
  | "scaler-update"
  | "scheduler-step"
  | "unknown-call-with-model";

/** One thing that a training iteration does. */
export interface TrainingEvent extends TextRange {
  readonly kind: TrainingEventKind;
  /** The simple statement it stands in, for inserting a line before or after. */
  readonly statement: TextRange;
  /** Receiver or subject in dotted text: the optimizer stepped, the loss, the scaler, the clipped parameters. */
  readonly subject: string | null;
  /** Index into `TrainingFacts.optimizers` where it is certain which one is meant. */
  readonly optimizers: readonly number[];
  /** Nesting: inside an `if` of the loop's body (accumulation, non-finite guard). */
  readonly conditional: boolean;
  /** Found in a function that the loop calls, rather than in the loop's own text. */
  readonly inlined: boolean;
  /** The `if`s between the loop's body and it; a test that leaves the iteration is one around all that follows. */
  readonly branches?: readonly EventBranch[];
  /** Under a test on the number of the micro-batch. */
  readonly everyNth?: boolean;
  /** Loops between the loop's body and it: it can run several times an iteration. */
  readonly depth?: number;
}

/** A loop (or a step function called in one) that runs backward and steps an optimizer, its events in order of execution. */
export interface TrainingLoopFact extends TextRange {
  readonly framework: FrameworkName;
  /** The loop's header, or the step function's name. */
  readonly header: TextRange;
  readonly events: readonly TrainingEvent[];
  /** Indices into `optimizers` that step here. */
  readonly optimizers: readonly number[];
  /** Receiver of the scaler (`"scaler"`), null where no GradScaler takes part. */
  readonly gradScaler: string | null;
  /** Whether the scaler is switched on: unknown when a flag decides. */
  readonly gradScalerEnabled: Resolved<boolean>;
  /** A wrapper does clipping, zeroing or scaling on its own (Accelerate, DeepSpeed engine, Apex): rules about order stay silent. */
  readonly wrappedBy: string | null;
  /** The wrapper clips nothing by itself and everything around the step is readable (Accelerate without DeepSpeed). */
  readonly clipsOnlyWhenAsked?: boolean;
  /** Steps only every n-th micro-batch. */
  readonly accumulates: boolean;
}

export interface PrecisionFact extends TextRange {
  readonly framework: FrameworkName;
  /** `autocast` keeps parameters in float32; `parameters` means that the optimizer's own parameters are of this type. */
  readonly scope: "autocast" | "parameters";
  readonly type: "float16" | "bfloat16" | "unknown";
  /** `"torch.autocast"`, `"GradScaler"`, `".half()"`: for the message. */
  readonly shownBy: string;
  readonly enabled: Resolved<boolean>;
}

export interface ModelTraitFact extends TextRange {
  readonly trait: "recurrent" | "transformer" | "reinforcement-learning" | "gan" | "batch-norm" | "pretrained";
  readonly shownBy: string;
}

/** A numerically dangerous operation inside the computation of a loss. */
export interface LossTermFact extends TextRange {
  readonly framework: FrameworkName;
  readonly operation: "log" | "sqrt" | "power" | "acos" | "division" | "exp" | "norm" | "bce-under-autocast";
  /** The operand in source text. */
  readonly operandText: string;
  readonly operandRange: TextRange;
  /** Known stable form where the operand is recognised: `log(softmax(x, dim))` → `"log-softmax"`. */
  readonly stableForm: "log-softmax" | "log-sigmoid" | "log1p" | "logsumexp" | "clamp-min" | "bce-with-logits" | null;
}

/** `total += loss` or `losses.append(loss)` over iterations with the graph still attached. */
export interface GraphAccumulationFact extends TextRange {
  readonly framework: FrameworkName;
  /** The tensor expression whose graph is kept: where `.item()` goes. */
  readonly lossRange: TextRange;
  readonly lossText: string;
  readonly accumulator: string;
  readonly how: "sum" | "append";
  /** What is kept is used as a tensor further on (`total.item()`, `torch.stack(losses)`), where a number would not do. */
  readonly staysTensor: boolean;
}

/** A named setting of the run, under a name that stays the same when the code around it moves. */
export interface HyperparameterFact extends TextRange {
  /** `"optimizer.learningRate"`, `"batch_size"`, `"args.warmup"`. */
  readonly name: string;
  readonly value: ScalarValue;
  /** The literal's own range: what a fix that puts a value back replaces. */
  readonly valueRange: TextRange;
  readonly valueText: string;
  /** The size of a layer: widening a net writes one new size in several places. */
  readonly isSize?: boolean;
}
