import type { SignatureParameter } from "./signatureArguments.ts";

export interface OptimizerSignature {
  readonly algorithm: string;
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
  /** It limits gradients or updates by itself unless told otherwise. */
  readonly clipsItself?: true;
  /** After the parameters to optimize, in positional order; keyword-only ones at the end. */
  readonly parameters: readonly SignatureParameter[];
}

export const lr = (value: number | null): SignatureParameter => ({
  keyword: "lr",
  name: "learningRate",
  default: value,
});
export const betasOf = (beta1: number, beta2: number): SignatureParameter => ({
  keyword: "betas",
  name: null,
  default: null,
  pair: [
    ["beta1", beta1],
    ["beta2", beta2],
  ],
});
export const betas = betasOf(0.9, 0.999);
export const eps = (value: number): SignatureParameter => ({ keyword: "eps", name: "eps", default: value });
export const decay = (value: number): SignatureParameter => ({
  keyword: "weight_decay",
  name: "weightDecay",
  default: value,
});
export const momentum: SignatureParameter = { keyword: "momentum", name: "momentum", default: 0 };
export const amsgrad: SignatureParameter = { keyword: "amsgrad", name: "amsgrad", default: false };
const fused: SignatureParameter = { keyword: "fused", keywordOnly: true, name: "fused", default: null };
export const other = (keyword: string): SignatureParameter => ({ keyword, name: null, default: null });
const decoupled: SignatureParameter = {
  keyword: "decoupled_weight_decay",
  name: "decoupledWeightDecay",
  default: false,
};

/**
 * Constructors of torch.optim with their defaults. Source: torch 2.13, files of `torch/optim/` named after each class (Adam:
 * adam.py L35–49, AdamW: adamw.py L21–49). `decoupled_weight_decay` of Adam came with 2.7 (pytorch#143710), of NAdam and
 * RAdam in the summer of 2023 (pytorch#103881, #107507).
 */
export const torchOptimizers: Readonly<Record<string, OptimizerSignature>> = {
  Adam: adamFamily("adam", [
    lr(1e-3),
    betas,
    eps(1e-8),
    decay(0),
    amsgrad,
    fused,
    { ...decoupled, keywordOnly: true, since: [2, 7] },
  ]),
  AdamW: adamFamily("adamw", [lr(1e-3), betas, eps(1e-8), decay(1e-2), amsgrad, fused]),
  NAdam: adamFamily("nadam", [
    lr(2e-3),
    betas,
    eps(1e-8),
    decay(0),
    other("momentum_decay"),
    { ...decoupled, since: [2, 1] },
  ]),
  RAdam: adamFamily("radam", [lr(1e-3), betas, eps(1e-8), decay(0), { ...decoupled, since: [2, 2] }]),
  Adamax: adamFamily("adamax", [lr(2e-3), betas, eps(1e-8), decay(0)]),
  SparseAdam: adamFamily("sparseadam", [lr(1e-3), betas, eps(1e-8)]),
  RMSprop: adaptive("rmsprop", [lr(1e-2), other("alpha"), eps(1e-8), decay(0), momentum, other("centered")]),
  Adagrad: adaptive("adagrad", [lr(1e-2), other("lr_decay"), decay(0), other("initial_accumulator_value"), eps(1e-10)]),
  Adadelta: adaptive("adadelta", [lr(1), other("rho"), eps(1e-6), decay(0)]),
  // Its `d` of 1 limits the root mean square of each update: _adafactor.py L30.
  Adafactor: {
    ...adaptive("adafactor", [lr(1e-2), other("beta2_decay"), other("eps"), other("d"), decay(0)]),
    clipsItself: true,
  },
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

export function adamFamily(algorithm: string, parameters: readonly SignatureParameter[]): OptimizerSignature {
  return { algorithm, adaptive: true, adamFamily: true, parameters };
}

export function adaptive(algorithm: string, parameters: readonly SignatureParameter[]): OptimizerSignature {
  return { algorithm, adaptive: true, adamFamily: false, parameters };
}

export function plain(algorithm: string, parameters: readonly SignatureParameter[]): OptimizerSignature {
  return { algorithm, adaptive: false, adamFamily: false, parameters };
}
