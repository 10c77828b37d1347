import type { Argument, Expression } from "../syntax/tree.ts";
import { dottedText } from "./dottedText.ts";
import type { CallSite, Scope, SourceIndex } from "./scope.ts";

/** What is written in a call that sets a hyperparameter, under the call's name and the parameter's. */
export interface WrittenSetting {
  readonly name: string;
  readonly value: Expression;
  readonly scope: Scope;
  /** A layer's size: widening a net writes the same new size in several places. */
  readonly isSize: boolean;
}

interface CallSettings {
  /** Names of the positional parameters in order; `-` for one that is no setting. */
  readonly positional?: string;
  /** Keywords that are settings beside those. */
  readonly keywords?: RegExp;
  readonly isSize?: boolean;
}

const sized = (positional: string, keywords = /^(dropout|p|rate|bias)$/): CallSettings => ({
  positional,
  keywords,
  isSize: true,
});
const seeded: CallSettings = { positional: "seed" };
const fitted: CallSettings = { keywords: /^(epochs|batch_?[sS]ize|steps_per_epoch|initial_epoch|batchesPerEpoch)$/ };

/**
 * Calls of torch, torchvision, transformers, Keras, optax and TensorFlow.js by their last name, with the parameters in the order
 * that their signatures have (torch 2.13: `optim/lr_scheduler.py`, `nn/modules/`, `nn/utils/clip_grad.py`).
 */
const calls: Readonly<Record<string, CallSettings>> = {
  DataLoader: { positional: "- batch_size", keywords: /^(batch_size|shuffle|drop_last)$/ },
  batch: { positional: "batch_size" },
  fit: fitted,
  fit_generator: fitted,
  fitDataset: fitted,
  manual_seed: seeded,
  manual_seed_all: seeded,
  seed: seeded,
  set_seed: seeded,
  seed_everything: seeded,
  set_random_seed: seeded,
  PRNGKey: seeded,
  clip_grad_norm_: { positional: "- max_norm" },
  clip_grad_value_: { positional: "- clip_value" },
  clip_by_global_norm: { positional: "max_norm clip_norm" },
  autocast: { keywords: /^dtype$/ },
  set_global_policy: { positional: "policy" },
  Accelerator: { keywords: /^(mixed_precision|gradient_accumulation_steps)$/ },
  CrossEntropyLoss: { keywords: /^label_smoothing$/ },
  StepLR: { positional: "- step_size gamma" },
  MultiStepLR: { positional: "- - gamma" },
  ExponentialLR: { positional: "- gamma" },
  CosineAnnealingLR: { positional: "- T_max eta_min" },
  CosineAnnealingWarmRestarts: { positional: "- T_0 T_mult eta_min" },
  LinearLR: { positional: "- start_factor end_factor total_iters" },
  ReduceLROnPlateau: { positional: "- mode factor patience threshold", keywords: /^(min_lr|cooldown)$/ },
  OneCycleLR: { positional: "- max_lr total_steps", keywords: /^(epochs|steps_per_epoch|pct_start|div_factor)$/ },
  get_scheduler: { positional: "name - num_warmup_steps num_training_steps" },
  get_linear_schedule_with_warmup: { positional: "- num_warmup_steps num_training_steps" },
  get_cosine_schedule_with_warmup: { positional: "- num_warmup_steps num_training_steps num_cycles" },
  get_constant_schedule_with_warmup: { positional: "- num_warmup_steps" },
  cosine_decay_schedule: { positional: "init_value decay_steps alpha" },
  warmup_cosine_decay_schedule: {
    positional: "init_value peak_value warmup_steps decay_steps end_value",
  },
  ExponentialDecay: { positional: "initial_learning_rate decay_steps decay_rate" },
  CosineDecay: { positional: "initial_learning_rate decay_steps alpha", keywords: /^(warmup_target|warmup_steps)$/ },
  Dropout: { positional: "rate", keywords: /^p$/ },
  Dropout1d: { positional: "p" },
  Dropout2d: { positional: "p" },
  dropout: { keywords: /^(rate|p)$/ },
  RandomCrop: { positional: "size padding" },
  RandomResizedCrop: { positional: "size" },
  RandomRotation: { positional: "degrees" },
  RandomHorizontalFlip: { positional: "p" },
  RandomErasing: { positional: "p" },
  RandAugment: { positional: "num_ops magnitude" },
  ColorJitter: { positional: "brightness contrast saturation hue" },
  Linear: sized("in_features out_features"),
  Embedding: sized("num_embeddings embedding_dim"),
  LSTM: sized("input_size hidden_size num_layers", /^(dropout|units)$/),
  GRU: sized("input_size hidden_size num_layers", /^(dropout|units)$/),
  RNN: sized("input_size hidden_size num_layers"),
  Conv1d: sized("in_channels out_channels kernel_size stride padding"),
  Conv2d: sized("in_channels out_channels kernel_size stride padding"),
  Conv3d: sized("in_channels out_channels kernel_size stride padding"),
  Conv1D: sized("filters kernel_size", /^strides$/),
  Conv2D: sized("filters kernel_size", /^strides$/),
  Dense: sized("units"),
  TransformerEncoderLayer: sized("d_model nhead dim_feedforward dropout"),
  TransformerDecoderLayer: sized("d_model nhead dim_feedforward dropout"),
  TransformerEncoder: { positional: "- num_layers" },
  MultiheadAttention: sized("embed_dim num_heads dropout"),
  dense: sized("units", /^units$/),
  lstm: sized("units", /^units$/),
  gru: sized("units", /^units$/),
  conv2d: sized("filters", /^(filters|kernelSize|strides)$/),
};

/** The settings written in the file's calls, in no order; what is a scalar is for the caller to tell. */
export function settingsInCalls(source: SourceIndex): readonly WrittenSetting[] {
  return Object.entries(calls).flatMap(([name, settings]) =>
    (source.callsByTerminalName.get(name) ?? []).flatMap((site) => writtenIn(name, site, settings)),
  );
}

function writtenIn(callName: string, { call, scope }: CallSite, settings: CallSettings): WrittenSetting[] {
  const positional = settings.positional?.split(" ") ?? [];
  const isKeyword = (word: string) => positional.includes(word) || settings.keywords?.test(word) === true;
  const found: WrittenSetting[] = [];
  const add = (word: string | undefined, value: Expression) => {
    if (word === undefined || word === "-") return;
    found.push({ name: `${callName}.${word}`, value, scope, isSize: settings.isSize === true });
  };
  for (const [index, argument] of call.arguments.entries()) {
    if (argument.spread !== null) break;
    if (argument.name !== null) add(isKeyword(argument.name) ? argument.name : undefined, argument.value);
    else if (argument.value.kind === "dictionary") addEntries(argument, isKeyword, add);
    else add(positional[index], argument.value);
  }
  return found;
}

/** `tf.layers.dense({ units: 64 })` */
function addEntries(
  { value }: Argument,
  isKeyword: (word: string) => boolean,
  add: (word: string, value: Expression) => void,
): void {
  if (value.kind !== "dictionary") return;
  for (const { key, value: entry } of value.entries) {
    const word = key?.kind === "string" ? key.value : key?.kind === "name" ? key.name : null;
    if (word !== null && isKeyword(word)) add(word, entry);
  }
}

/** `torch.bfloat16`, `tf.float16`: a number's type, by name. */
export function typeName(value: Expression): string | null {
  const dotted = dottedText(value);
  return dotted !== null && /^(torch|tf|jnp|np|mx)\.(b?float\d+|half|double)$/.test(dotted) ? dotted : null;
}
