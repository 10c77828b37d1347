import { type FrameworkName, type OptimizerFact, optimizersHere, type PrecisionFact } from "../facts/trainingFacts.ts";
import { certainNumber, numberText, optimizerName } from "./argumentText.ts";
import type { Rule } from "./rule.ts";
import { isOffByDefault, keepsMasterWeights } from "./trainingContext.ts";

/**
 * Weights this many learning rates away from 0 are further apart than two steps of Adam: half a spacing is 2^-8 of the power of
 * two below a bfloat16 number (8 bits) and 2^-11 of a float16 number's (11 bits). Measured with AdamW on torch 2.13: of 10,000
 * weights above 512 × lr none moves in bfloat16, of those above 4096 × lr one in 200 in float16.
 */
const stuckFrom = { bfloat16: 512, float16: 4096 } as const;

/** Code that keeps float32 copies, rounds stochastically, or trains adapters in float32 on a frozen half-precision net. */
const keepsPrecision =
  /master_?(param|weight|copy)|(param|weight)s?_?master|fp32_?(param|copy|weight)|float32_?(param|copy|weight)|FP16_?Optimizer|stochastic_?round|copy_stochastic|torchao|bitsandbytes|\bbnb\b|\bpeft\b|(?<![a-z])lora|optimi\b|kahan|parallelism_config|FullyShardedDataParallelPlugin/i;

const keepFloat32: Readonly<Partial<Record<FrameworkName, string>>> = {
  pytorch: "Keep the parameters in float32 and compute under torch.autocast",
  keras: "Use a mixed policy, which keeps variables in float32",
  huggingface: "Load the model in float32 and let bf16=True compute under autocast",
  optax: "Set dtype alone and leave param_dtype at float32",
};

export const halfPrecisionParameters: Rule = {
  name: "half-precision-parameters",
  severity: "warning",
  title: "The optimizer updates parameters in bfloat16 or float16, where small steps are lost",
  frameworks: ["pytorch", "keras", "optax", "huggingface"],
  sources: [
    "https://arxiv.org/abs/1710.03740 (Mixed Precision Training, section 3.1: an FP32 master copy of weights)",
    "https://arxiv.org/abs/2010.06192 (Revisiting BFloat16 Training: nearest rounding of weight updates)",
    "measured with torch 2.13: AdamW in bfloat16 does not move a weight above 512 × lr",
  ],
  check(context, report) {
    const { facts, text } = context;
    if (keepsMasterWeights(facts) || keepsPrecision.test(text)) return;
    for (const fact of facts.precision) {
      const isOn = fact.enabled.known && fact.enabled.value && !isOffByDefault(fact.enabled);
      if (fact.scope !== "parameters" || fact.type === "unknown" || !isOn) continue;
      const optimizers = optimizersHere(facts).filter((optimizer) => optimizer.framework === fact.framework);
      const optimizer = optimizers.find(({ adamFamily }) => adamFamily) ?? optimizers[0];
      if (optimizer === undefined) continue;
      report({
        start: fact.start,
        end: fact.end,
        message: message(fact, optimizer),
        fixes: [],
        related: [
          {
            path: facts.path,
            start: optimizer.nameRange.start,
            end: optimizer.nameRange.end,
            message: "the optimizer that updates them",
          },
        ],
      });
    }
  },
};

function message(fact: PrecisionFact, optimizer: OptimizerFact): string {
  const type = fact.type === "bfloat16" ? "bfloat16" : "float16";
  const keep = keepFloat32[fact.framework] ?? "Keep the parameters in float32";
  const rate = optimizer.adamFamily ? certainNumber(optimizer.arguments.learningRate) : null;
  const bits = type === "bfloat16" ? 8 : 11;
  const lost =
    rate === null || rate <= 0
      ? `a step smaller than 1/${2 ** (bits + 1)} of a weight is rounded away`
      : `a weight above ${numberText(stuckFrom[type] * rate)} does not move at a rate of ${numberText(rate)}, as the step is less than half of the distance to the next number`;
  return `${optimizerName(optimizer)} updates ${type} parameters (${fact.shownBy}), which have ${bits} significant bits: ${lost}. ${keep}.`;
}
