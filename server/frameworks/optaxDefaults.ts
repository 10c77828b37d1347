import type { SignatureParameter } from "./signatureArguments.ts";

export interface OptaxSignature {
  readonly algorithm: string;
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
  readonly parameters: readonly SignatureParameter[];
}

const rate: SignatureParameter = { keyword: "learning_rate", name: "learningRate", default: null };
const beta1: SignatureParameter = { keyword: "b1", name: "beta1", default: 0.9 };
const beta2: SignatureParameter = { keyword: "b2", name: "beta2", default: 0.999 };
const epsilon = (value: number): SignatureParameter => ({ keyword: "eps", name: "eps", default: value });
const other = (keyword: string): SignatureParameter => ({ keyword, name: null, default: null });
const decay = (value: number): SignatureParameter => ({ keyword: "weight_decay", name: "weightDecay", default: value });
const rooted = [epsilon(1e-8), other("eps_root"), other("mu_dtype")] as const;

/**
 * Optimizers of optax with their defaults. Source: optax 0.2 (2026-08), `_src/alias.py` L432 (adam: eps 1e-8, eps_root 0),
 * L616 (adamw: weight_decay 1e-4), `_src/transform.py` L300 (scale_by_adam). A rate must be given.
 */
export const optaxOptimizers: Readonly<Record<string, OptaxSignature>> = {
  adam: adam("adam", [rate, beta1, beta2, ...rooted]),
  adamw: adam("adamw", [rate, beta1, beta2, ...rooted, decay(1e-4)]),
  nadam: adam("nadam", [rate, beta1, beta2, ...rooted]),
  nadamw: adam("nadamw", [rate, beta1, beta2, ...rooted, decay(1e-4)]),
  radam: adam("radam", [rate, beta1, beta2, epsilon(1e-8)]),
  amsgrad: adam("adam", [rate, beta1, beta2, ...rooted]),
  adamax: adam("adamax", [rate, beta1, beta2, epsilon(1e-8)]),
  scale_by_adam: adam("adam", [beta1, beta2, ...rooted]),
  rmsprop: adaptive("rmsprop", [rate, other("decay"), epsilon(1e-8)]),
  adagrad: adaptive("adagrad", [rate, other("initial_accumulator_value"), epsilon(1e-7)]),
  adadelta: adaptive("adadelta", [rate, other("rho"), epsilon(1e-6)]),
  sgd: plain("sgd", [rate, { keyword: "momentum", name: "momentum", default: null }]),
};

function adam(algorithm: string, parameters: readonly SignatureParameter[]): OptaxSignature {
  return { algorithm, adaptive: true, adamFamily: true, parameters };
}

function adaptive(algorithm: string, parameters: readonly SignatureParameter[]): OptaxSignature {
  return { algorithm, adaptive: true, adamFamily: false, parameters };
}

function plain(algorithm: string, parameters: readonly SignatureParameter[]): OptaxSignature {
  return { algorithm, adaptive: false, adamFamily: false, parameters };
}
