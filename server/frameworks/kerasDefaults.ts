import type { SignatureParameter } from "./signatureArguments.ts";

export interface KerasSignature {
  /** As Keras spells the class: what a fix writes for the name `"adam"`. */
  readonly className: string;
  readonly algorithm: string;
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
  readonly parameters: readonly SignatureParameter[];
}

const rate = (value: number): SignatureParameter => ({
  keyword: "learning_rate",
  aliases: ["lr"],
  name: "learningRate",
  default: value,
});
const beta1: SignatureParameter = { keyword: "beta_1", name: "beta1", default: 0.9 };
const beta2: SignatureParameter = { keyword: "beta_2", name: "beta2", default: 0.999 };
const epsilon: SignatureParameter = { keyword: "epsilon", name: "eps", default: 1e-7 };
const amsgrad: SignatureParameter = { keyword: "amsgrad", name: "amsgrad", default: false };
const momentum: SignatureParameter = { keyword: "momentum", name: "momentum", default: 0 };
const other = (keyword: string): SignatureParameter => ({ keyword, name: null, default: null });
const decay = (value: number): SignatureParameter => ({ keyword: "weight_decay", name: "weightDecay", default: value });

/**
 * Constructors of keras.optimizers with their defaults. Source: Keras 3.15, `src/optimizers/` (adam.py: epsilon 1e-7, the same
 * since 2.3; adamw.py: weight_decay 0.004; base_optimizer.py L952–959: weight decay is decoupled in every class, so that it is
 * no argument of Adam that facts speak of).
 */
export const kerasOptimizers: Readonly<Record<string, KerasSignature>> = {
  adam: family("Adam", "adam", [rate(1e-3), beta1, beta2, epsilon, amsgrad]),
  adamw: family("AdamW", "adamw", [rate(1e-3), decay(0.004), beta1, beta2, epsilon, amsgrad]),
  nadam: family("Nadam", "nadam", [rate(1e-3), beta1, beta2, epsilon]),
  adamax: family("Adamax", "adamax", [rate(1e-3), beta1, beta2, epsilon]),
  rmsprop: {
    ...family("RMSprop", "rmsprop", [rate(1e-3), other("rho"), momentum, epsilon]),
    adamFamily: false,
  },
  adagrad: {
    ...family("Adagrad", "adagrad", [rate(1e-3), other("initial_accumulator_value"), epsilon]),
    adamFamily: false,
  },
  adadelta: { ...family("Adadelta", "adadelta", [rate(1e-3), other("rho"), epsilon]), adamFamily: false },
  sgd: { ...family("SGD", "sgd", [rate(1e-2), momentum]), adaptive: false, adamFamily: false },
};

/** Constructors of tensorflow_addons that differ from Keras's. Source: tensorflow_addons 0.23, `optimizers/weight_decay_optimizers.py`, `rectified_adam.py`, `lazy_adam.py`. */
export const addonOptimizers: Readonly<Record<string, KerasSignature>> = {
  AdamW: family("AdamW", "adamw", [{ ...decay(0), default: null }, rate(1e-3), beta1, beta2, epsilon, amsgrad]),
  RectifiedAdam: family("RectifiedAdam", "radam", [rate(1e-3), beta1, beta2, epsilon]),
  LazyAdam: family("LazyAdam", "adam", [rate(1e-3), beta1, beta2, epsilon]),
};

function family(className: string, algorithm: string, parameters: readonly SignatureParameter[]): KerasSignature {
  return { className, algorithm, adaptive: true, adamFamily: true, parameters };
}
