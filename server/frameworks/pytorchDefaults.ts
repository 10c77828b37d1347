import type { OptimizerArgumentName, ScalarValue } from "../facts/trainingFacts.ts";

/** One parameter of an optimizer's constructor. */
export interface OptimizerParameter {
  readonly keyword: string;
  /** Null for parameters that facts do not speak of, which still count for positions. */
  readonly name: OptimizerArgumentName | null;
  readonly default: ScalarValue;
  /** First torch release that has it. */
  readonly since?: readonly [number, number];
}

export interface OptimizerSignature {
  readonly algorithm: string;
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
  /** After the parameters to optimize, in positional order; keyword-only ones at the end. */
  readonly parameters: readonly OptimizerParameter[];
}

const lr = (value: number): OptimizerParameter => ({ keyword: "lr", name: "learningRate", default: value });
const betas: OptimizerParameter = { keyword: "betas", name: "betas", default: null };
const eps = (value: number): OptimizerParameter => ({ keyword: "eps", name: "eps", default: value });
const decay = (value: number): OptimizerParameter => ({ keyword: "weight_decay", name: "weightDecay", default: value });
const momentum: OptimizerParameter = { keyword: "momentum", name: "momentum", default: 0 };
const amsgrad: OptimizerParameter = { keyword: "amsgrad", name: "amsgrad", default: false };
const fused: OptimizerParameter = { keyword: "fused", name: "fused", default: null };
const other = (keyword: string): OptimizerParameter => ({ keyword, name: null, default: null });
const decoupled: OptimizerParameter = {
  keyword: "decoupled_weight_decay",
  name: "decoupledWeightDecay",
  default: false,
};

/**
 * Constructors of torch.optim with their defaults. Source: torch 2.13, files of `torch/optim/` named after each class (Adam:
 * adam.py L35–49, AdamW: adamw.py L21–49). `decoupled_weight_decay` of Adam came with 2.7 (pytorch#143710).
 */
export const torchOptimizers: Readonly<Record<string, OptimizerSignature>> = {
  Adam: adamFamily("adam", [lr(1e-3), betas, eps(1e-8), decay(0), amsgrad, fused, { ...decoupled, since: [2, 7] }]),
  AdamW: adamFamily("adamw", [lr(1e-3), betas, eps(1e-8), decay(1e-2), amsgrad, fused]),
  NAdam: adamFamily("nadam", [lr(2e-3), betas, eps(1e-8), decay(0), other("momentum_decay"), decoupled]),
  RAdam: adamFamily("radam", [lr(1e-3), betas, eps(1e-8), decay(0), decoupled]),
  Adamax: adamFamily("adamax", [lr(2e-3), betas, eps(1e-8), decay(0)]),
  SparseAdam: adamFamily("sparseadam", [lr(1e-3), betas, eps(1e-8)]),
  RMSprop: adaptive("rmsprop", [lr(1e-2), other("alpha"), eps(1e-8), decay(0), momentum, other("centered")]),
  Adagrad: adaptive("adagrad", [lr(1e-2), other("lr_decay"), decay(0), other("initial_accumulator_value"), eps(1e-10)]),
  Adadelta: adaptive("adadelta", [lr(1), other("rho"), eps(1e-6), decay(0)]),
  Adafactor: adaptive("adafactor", [lr(1e-2), other("beta2_decay"), other("eps"), other("d"), decay(0)]),
  SGD: plain("sgd", [lr(1e-3), momentum, other("dampening"), decay(0), other("nesterov"), fused]),
  ASGD: plain("asgd", [lr(1e-2), other("lambd"), other("alpha"), other("t0"), decay(0)]),
  Rprop: plain("rprop", [lr(1e-2)]),
  LBFGS: plain("lbfgs", [lr(1)]),
  Muon: plain("muon", [
    lr(1e-3),
    decay(0.1),
    { ...momentum, default: 0.95 },
    other("nesterov"),
    other("ns_coefficients"),
    eps(1e-7),
  ]),
};

const hubAdamW = adamFamily("adamw", [lr(1e-3), betas, eps(1e-6), decay(0), other("correct_bias")]);

/**
 * The same of optimizers that other libraries hand to torch code, by their full names. Source: transformers 4.4
 * optimization.py L289-297 (left out from 5.0 on); pytorch_transformers is its older name.
 */
export const otherOptimizers: Readonly<Record<string, OptimizerSignature>> = {
  "transformers.AdamW": hubAdamW,
  "transformers.optimization.AdamW": hubAdamW,
  "pytorch_transformers.AdamW": hubAdamW,
  "pytorch_transformers.optimization.AdamW": hubAdamW,
};

function adamFamily(algorithm: string, parameters: readonly OptimizerParameter[]): OptimizerSignature {
  return { algorithm, adaptive: true, adamFamily: true, parameters };
}

function adaptive(algorithm: string, parameters: readonly OptimizerParameter[]): OptimizerSignature {
  return { algorithm, adaptive: true, adamFamily: false, parameters };
}

function plain(algorithm: string, parameters: readonly OptimizerParameter[]): OptimizerSignature {
  return { algorithm, adaptive: false, adamFamily: false, parameters };
}
