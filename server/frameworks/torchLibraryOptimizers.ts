import {
  adamFamily,
  adaptive,
  amsgrad,
  betas,
  betasOf,
  decay,
  eps,
  lr,
  type OptimizerSignature,
  other,
  plain,
} from "./pytorchDefaults.ts";
import type { SignatureParameter } from "./signatureArguments.ts";

/** Optimizers for torch that other libraries publish. */
interface OptimizerLibrary {
  /** Modules that hold the classes, whole: `apex.optimizers`. */
  readonly modules: RegExp;
  readonly optimizers: Readonly<Record<string, OptimizerSignature>>;
}

/** `adam_w_mode=False` makes the decay L2. */
const adamWMode: SignatureParameter = { keyword: "adam_w_mode", name: "decoupledWeightDecay", default: true };
const biasCorrection = other("bias_correction");

// LAMB is no Adam in what its rate means: each layer's step is as large as its weights times the rate (You et al. 2020).
/** Decay is decoupled, or how it acts is not known: the name keeps rules on L2 decay away. */
const decoupledAdam = (parameters: readonly SignatureParameter[]) => adamFamily("adamw", parameters);
const otherAdam = (algorithm: string, weightDecay: number, epsilon = 1e-8) =>
  adamFamily(algorithm, [lr(1e-3), betas, eps(epsilon), decay(weightDecay)]);
const lion = plain("lion", [lr(1e-4), betasOf(0.9, 0.99), decay(0)]);

/** Source: bitsandbytes 0.50 optim/adam.py and adamw.py; all decouple the decay, backends/default/ops.py L478–479. */
const bitsandbytes: Readonly<Record<string, OptimizerSignature>> = Object.fromEntries(
  ["", "8bit", "32bit"].flatMap((bits) =>
    ["", "Paged"].flatMap((paged) => [
      [`${paged}Adam${bits}`, decoupledAdam([lr(1e-3), betas, eps(1e-8), decay(0), amsgrad])],
      [`${paged}AdamW${bits}`, decoupledAdam([lr(1e-3), betas, eps(1e-8), decay(1e-2), amsgrad])],
    ]),
  ),
);

const libraries: readonly OptimizerLibrary[] = [
  {
    // Source: NVIDIA apex optimizers/fused_adam.py; FusedLAMB clips at max_grad_norm=1.0.
    modules: /^apex\.optimizers(\.fused_adam|\.fused_lamb)?$/,
    optimizers: {
      FusedAdam: adamFamily("adam", [lr(1e-3), biasCorrection, betas, eps(1e-8), adamWMode, decay(0), amsgrad]),
      FusedLAMB: {
        ...adaptive("lamb", [lr(1e-3), biasCorrection, betas, eps(1e-6), decay(1e-2), amsgrad]),
        clipsItself: true,
      },
    },
  },
  {
    // Source: deepspeed ops/adam/fused_adam.py and cpu_adam.py.
    modules: /^deepspeed\.ops\.adam(\.fused_adam|\.cpu_adam)?$/,
    optimizers: {
      FusedAdam: adamFamily("adam", [lr(1e-3), biasCorrection, betas, eps(1e-8), adamWMode, decay(0), amsgrad]),
      DeepSpeedCPUAdam: adamFamily("adam", [
        lr(1e-3),
        biasCorrection,
        betas,
        eps(1e-8),
        decay(0),
        amsgrad,
        { ...adamWMode, keyword: "adamw_mode" },
      ]),
    },
  },
  { modules: /^bitsandbytes\.optim(\.adamw?)?$/, optimizers: bitsandbytes },
  {
    // Source: transformers 4.5 optimization.py, gone in 5. Adafactor limits each update by clip_threshold=1.0 and finds its own rate.
    modules: /^(transformers|pytorch_transformers)(\.optimization)?$/,
    optimizers: {
      AdamW: decoupledAdam([lr(1e-3), betas, eps(1e-6), decay(0)]),
      Adafactor: { ...plain("adafactor", [lr(null)]), adaptive: true, clipsItself: true },
    },
  },
  {
    // Source: pytorch-pretrained-bert 0.6 optimization.py: clips at max_grad_norm=1.0.
    modules: /^pytorch_pretrained_bert(\.optimization)?$/,
    optimizers: {
      BertAdam: {
        ...decoupledAdam([
          lr(null),
          other("warmup"),
          other("t_total"),
          other("schedule"),
          { keyword: "b1", name: "beta1", default: 0.9 },
          { keyword: "b2", name: "beta2", default: 0.999 },
          { keyword: "e", name: "eps", default: 1e-6 },
          decay(0.01),
        ]),
        clipsItself: true,
      },
    },
  },
  {
    // Source: timm 1.0.31 optim/{adamw,nadamw,nadam,radam,adamp,adabelief,lamb,lion}.py.
    modules: /^timm\.optim(\.(?!_optim_factory|optim_factory)\w+)?$/,
    optimizers: {
      AdamW: otherAdam("adamw", 1e-2),
      AdamWLegacy: otherAdam("adamw", 1e-2),
      NAdamW: otherAdam("nadamw", 1e-2),
      Nadam: adamFamily("nadam", [lr(2e-3), betas, eps(1e-8), decay(0)]),
      RAdam: otherAdam("radamw", 0),
      AdamP: otherAdam("adamp", 0),
      AdaBelief: otherAdam("adabelief", 0, 1e-16),
      Lamb: {
        ...adaptive("lamb", [lr(1e-3), biasCorrection, betas, eps(1e-6), decay(0.01)]),
        clipsItself: true,
      },
      Lion: lion,
    },
  },
  {
    // Source: composer 0.32 optim/decoupled_weight_decay.py.
    modules: /^composer\.optim(\.decoupled_weight_decay)?$/,
    optimizers: {
      DecoupledAdamW: adamFamily("adamw", [lr(1e-3), betasOf(0.9, 0.95), eps(1e-8), decay(1e-5), amsgrad]),
    },
  },
  {
    // Source: torchao optim/adam.py: AdamW's decay is decoupled, Adam's is L2 under a name of its own.
    modules: /^torchao\.(optim|prototype\.low_bit_optim)(\.adam)?$/,
    optimizers: Object.fromEntries(
      ["8bit", "4bit", "Fp8"].map((bits) => [`AdamW${bits}`, otherAdam("adamw", 1e-2)] as const),
    ),
  },
  {
    // Source: torch-optimizer 0.3: lamb.py, radam.py, adabelief.py, yogi.py, adamp.py, diffgrad.py.
    modules: /^torch_optimizer(\.\w+)?$/,
    optimizers: {
      Lamb: adaptive("lamb", [lr(1e-3), betas, eps(1e-6), decay(0)]),
      RAdam: otherAdam("radamw", 0),
      AdaBelief: otherAdam("adabelief", 0),
      Yogi: adamFamily("yogi", [lr(1e-2), betas, eps(1e-3), other("initial_accumulator"), decay(0)]),
      AdamP: otherAdam("adamp", 0),
      DiffGrad: otherAdam("diffgrad", 0),
    },
  },
  // Source: lion-pytorch 0.2.5 lion_pytorch.py. Each step is a sign, which no gradient can blow up.
  { modules: /^(lion_pytorch|pytorch_optimizer)$/, optimizers: { Lion: lion } },
];

/** Class names that a file has to hold one of: what `check` looks for before it parses. */
export const libraryOptimizerNames: readonly string[] = [
  ...new Set(libraries.flatMap(({ optimizers }) => Object.keys(optimizers))),
];

/** The signature of `module.Class`, null for names that no library here has. */
export function libraryOptimizer(name: string): OptimizerSignature | null {
  const dot = name.lastIndexOf(".");
  const className = name.slice(dot + 1);
  for (const { modules, optimizers } of libraries) {
    if (Object.hasOwn(optimizers, className) && modules.test(name.slice(0, dot))) return optimizers[className] ?? null;
  }
  return null;
}
