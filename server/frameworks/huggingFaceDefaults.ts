import type { TrainerSettingName } from "../facts/trainerFacts.ts";
import type { OptimizerArgumentName, ScalarValue } from "../facts/trainingFacts.ts";
import type { SignatureParameter } from "./signatureArguments.ts";

const keyword = <Name extends string>(name: Name, written: string, value: ScalarValue): SignatureParameter<Name> => ({
  keyword: written,
  keywordOnly: true,
  name,
  default: value,
});

/**
 * Learning rates that differ from TrainingArguments' 5e-5. Source: trl 2026-08, `learning_rate` in `trainer/*_config.py` and
 * `experimental/*_config.py`.
 */
const learningRates: Readonly<Record<string, number>> = {
  TrainingArguments: 5e-5,
  Seq2SeqTrainingArguments: 5e-5,
  SentenceTransformerTrainingArguments: 5e-5,
  SFTConfig: 2e-5,
  RewardConfig: 1e-4,
  DPOConfig: 1e-6,
  KTOConfig: 1e-6,
  GRPOConfig: 1e-6,
  RLOOConfig: 1e-6,
  ORPOConfig: 1e-6,
  CPOConfig: 1e-6,
  OnlineDPOConfig: 5e-7,
  GKDConfig: 2e-5,
};

/** Classes that hold the settings of transformers' Trainer and of those built on it. */
export const argumentClasses: readonly string[] = Object.keys(learningRates);

/** What its optimizer is built with. Source: transformers 5.23 training_args.py L787–880. */
export function optimizerParameters(className: string): readonly SignatureParameter<OptimizerArgumentName>[] {
  return [
    keyword("learningRate", "learning_rate", learningRates[className] ?? null),
    keyword("eps", "adam_epsilon", 1e-8),
    keyword("weightDecay", "weight_decay", 0),
    keyword("beta1", "adam_beta1", 0.9),
    keyword("beta2", "adam_beta2", 0.999),
  ];
}

/** The rest of what facts speak of. Source: transformers 5.23 training_args.py L787–1026; `bf16` of some TRL classes is unset. */
export const trainerParameters: readonly SignatureParameter<TrainerSettingName>[] = [
  keyword("clipNorm", "max_grad_norm", 1),
  keyword("halfFloat", "fp16", false),
  keyword("brainFloat", "bf16", false),
  keyword("epochs", "num_train_epochs", 3),
  keyword("steps", "max_steps", -1),
  keyword("batchSize", "per_device_train_batch_size", 8),
  keyword("accumulation", "gradient_accumulation_steps", 1),
  keyword("warmupSteps", "warmup_steps", 0),
  keyword("warmupRatio", "warmup_ratio", null),
  keyword("schedule", "lr_scheduler_type", "linear"),
  keyword("optimizer", "optim", "adamw_torch_fused"),
  keyword("seed", "seed", 42),
  keyword("nonfiniteFilter", "logging_nan_inf_filter", true),
  keyword("deepSpeed", "deepspeed", null),
];

export interface NamedOptimizer {
  readonly algorithm: string;
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
}

/** What a name of `optim` stands for. Source: transformers 5.23 training_args.py, class OptimizerNames. */
export function optimizerNamed(name: ScalarValue): NamedOptimizer {
  const text = String(name);
  if (/^(paged_)?adam(w)?(_|$)/.test(text)) return { algorithm: "adamw", adaptive: true, adamFamily: true };
  if (/adam/.test(text)) return { algorithm: text, adaptive: true, adamFamily: false };
  if (/^(adafactor|adagrad|rmsprop)/.test(text)) return { algorithm: text, adaptive: true, adamFamily: false };
  return { algorithm: text, adaptive: false, adamFamily: false };
}
