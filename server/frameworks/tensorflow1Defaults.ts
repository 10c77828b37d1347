import type { SignatureParameter } from "./signatureArguments.ts";

export interface Tensorflow1Signature {
  readonly algorithm: string;
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
  readonly parameters: readonly SignatureParameter[];
}

const rate = (value: number | null): SignatureParameter => ({
  keyword: "learning_rate",
  name: "learningRate",
  default: value,
});
const beta1: SignatureParameter = { keyword: "beta1", name: "beta1", default: 0.9 };
const beta2: SignatureParameter = { keyword: "beta2", name: "beta2", default: 0.999 };
const epsilon = (value: number): SignatureParameter => ({ keyword: "epsilon", name: "eps", default: value });
const momentum: SignatureParameter = { keyword: "momentum", name: "momentum", default: 0 };
const other = (keyword: string): SignatureParameter => ({ keyword, name: null, default: null });

/**
 * Optimizers of tf.train and tf.contrib.opt with their defaults. Source: TensorFlow 1.15, `python/training/adam.py` (epsilon
 * 1e-8), `rmsprop.py` (epsilon 1e-10), `adadelta.py`, `contrib/opt/python/training/weight_decay_optimizers.py`. A rate that
 * must be given has the default null.
 */
export const tensorflow1Optimizers: Readonly<Record<string, Tensorflow1Signature>> = {
  AdamOptimizer: adam("adam", [rate(1e-3), beta1, beta2, epsilon(1e-8)]),
  LazyAdamOptimizer: adam("adam", [rate(1e-3), beta1, beta2, epsilon(1e-8)]),
  NadamOptimizer: adam("nadam", [rate(1e-3), beta1, beta2, epsilon(1e-8)]),
  AdaMaxOptimizer: adam("adamax", [rate(1e-3), beta1, beta2, epsilon(1e-8)]),
  AdamWOptimizer: adam("adamw", [
    { keyword: "weight_decay", name: "weightDecay", default: null },
    rate(1e-3),
    beta1,
    beta2,
    epsilon(1e-8),
  ]),
  RMSPropOptimizer: adaptive("rmsprop", [rate(null), other("decay"), momentum, epsilon(1e-10)]),
  AdagradOptimizer: adaptive("adagrad", [rate(null)]),
  AdadeltaOptimizer: adaptive("adadelta", [rate(1e-3), other("rho"), epsilon(1e-8)]),
  GradientDescentOptimizer: plain("sgd", [rate(null)]),
  MomentumOptimizer: plain("momentum", [rate(null), momentum]),
};

function adam(algorithm: string, parameters: readonly SignatureParameter[]): Tensorflow1Signature {
  return { algorithm, adaptive: true, adamFamily: true, parameters };
}

function adaptive(algorithm: string, parameters: readonly SignatureParameter[]): Tensorflow1Signature {
  return { algorithm, adaptive: true, adamFamily: false, parameters };
}

function plain(algorithm: string, parameters: readonly SignatureParameter[]): Tensorflow1Signature {
  return { algorithm, adaptive: false, adamFamily: false, parameters };
}
