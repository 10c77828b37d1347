import { isBackward, isStep } from "../facts/eventKinds.ts";
import type { FrameworkName, OptimizerFact, TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { certainNumber, numberText, optimizerName } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule, RuleContext } from "./rule.ts";
import type { RuleOption } from "./ruleOption.ts";
import { optimizesTensors, spikyBecause, timesOnly } from "./trainingContext.ts";

/** The threshold that transformers' Trainer (`max_grad_norm`) and GPT-3 (Brown et al. 2020, appendix B) clip at. */
const maximumNorm: RuleOption = {
  name: "max_norm",
  type: "number",
  default: 1,
  minimum: 1e-6,
  description: "The gradient norm that the fix clips at.",
};

/** What to do, with NORM where the threshold stands. */
const cures: Readonly<Record<FrameworkName, string>> = {
  pytorch: "Clip their norm to NORM right before the step.",
  handwritten: "Clip their norm to NORM right before the step.",
  keras: "Give the optimizer global_clipnorm=NORM.",
  tensorflow1: "Take the gradients with compute_gradients, clip them with tf.clip_by_global_norm and apply them.",
  optax: "Put optax.clip_by_global_norm(NORM) before it in an optax.chain.",
  tensorflowjs:
    "Clip their norm to NORM between tf.variableGrads and applyGradients, since no TensorFlow.js optimizer clips by itself.",
  huggingface: "Set max_grad_norm to NORM.",
  lightning: "Give the Trainer gradient_clip_val=NORM.",
  deepspeed: "Set gradient_clipping to NORM.",
  configuration: "Set gradient_clip_val to NORM.",
};

const clipsInOptimizer: ReadonlySet<FrameworkName> = new Set(["keras", "optax", "deepspeed", "configuration"]);

export const missingGradientClipping: Rule = {
  name: "missing-gradient-clipping",
  severity: "info",
  title: "An adaptive optimizer steps on gradients that nothing clips",
  frameworks: [
    "pytorch",
    "tensorflowjs",
    "keras",
    "tensorflow1",
    "optax",
    "huggingface",
    "lightning",
    "deepspeed",
    "configuration",
  ],
  sources: [
    "Pascanu, Mikolov, Bengio 2013, On the difficulty of training recurrent neural networks, https://arxiv.org/abs/1211.5063",
    "Kingma, Ba 2015, Adam, section 2.1, https://arxiv.org/abs/1412.6980",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html",
    "transformers 5.23 training_args.py: max_grad_norm = 1.0",
    "Keras 3.15 src/optimizers/base_optimizer.py: global_clipnorm",
    "optax _src/clipping.py: clip_by_global_norm",
    "lightning 2.6 pytorch/trainer/trainer.py: gradient_clip_val = None",
    "accelerate 1.15 accelerator.py L2989-3048: clip_grad_norm_",
    "https://www.deepspeed.ai/docs/config-json/#gradient-clipping",
  ],
  options: [maximumNorm],
  check(context, report) {
    if (timesOnly(context)) return;
    const norm = context.optionValue(maximumNorm);
    const seen = new Set<string>();
    for (const loop of context.facts.loops) {
      if (mayClip(loop)) continue;
      for (const { step, optimizer } of adaptiveSteps(context, loop)) {
        // Where the optimizer itself clips, one change serves every step that it takes; several can reach one step.
        const places = [`step ${step.start}`];
        if (clipsInOptimizer.has(loop.framework)) places.push(`optimizer ${optimizer.start}`);
        if (places.some((place) => seen.has(place))) continue;
        for (const place of places) seen.add(place);
        const because = spikyBecause(context.facts, optimizer.framework);
        const draft = context.fixesOf(loop.framework).clipGradientNorm(context, loop, step, norm);
        report({
          start: step.start,
          end: step.end,
          severity: because === null ? "info" : "warning",
          message: message(optimizer, because, loop, norm),
          fixes: gradedFix(draft, "unsafe", "Steps whose gradient norm is above the threshold become smaller."),
          related: [{ ...pathRange(context, optimizer), message: `${optimizerName(optimizer)} is built here` }],
        });
      }
    }
  },
};

/** Something in the loop clips, or may do so. */
export function mayClip(loop: TrainingLoopFact): boolean {
  return (
    (loop.wrappedBy !== null && loop.clipsOnlyWhenAsked !== true) ||
    loop.events.some(({ kind }) => kind === "clip" || kind === "unknown-call-with-model")
  );
}

/** Each adaptive optimizer of the loop with its first step; a torch step counts only after a backward pass. */
function adaptiveSteps(
  context: RuleContext,
  loop: TrainingLoopFact,
): readonly { step: TrainingEvent; optimizer: OptimizerFact }[] {
  const hasBackward = loop.events.some(isBackward);
  if (loop.framework === "pytorch" && !hasBackward) return [];
  const found = new Map<number, { step: TrainingEvent; optimizer: OptimizerFact }>();
  for (const event of loop.events) {
    if (!isStep(event)) continue;
    for (const index of event.optimizers) {
      const optimizer = context.facts.optimizers[index];
      if (!optimizer?.adaptive || optimizer.clipsItself === true) continue;
      if (optimizesTensors(optimizer) || found.has(index)) continue;
      found.set(index, { step: event, optimizer });
    }
  }
  return [...found.values()];
}

function message(optimizer: OptimizerFact, because: string | null, loop: TrainingLoopFact, norm: number): string {
  const name = optimizerName(optimizer);
  const prone = because === null ? "" : `, and ${because} can make them spike`;
  return `Nothing clips the gradients before ${name} steps${prone}: ${harm(optimizer)}. ${cureOf(loop).replace("NORM", Number.isInteger(norm) ? norm.toFixed(1) : numberText(norm))}`;
}

function cureOf(loop: TrainingLoopFact): string {
  if (loop.wrappedBy === "Accelerate") return "Call accelerator.clip_grad_norm_ before the step, under sync_gradients.";
  if (loop.wrappedBy === "Apex")
    return "Clip amp.master_params(optimizer) to a norm of NORM after the scale_loss block.";
  if (loop.wrappedBy === "Lightning") return "Call self.clip_gradients before the step.";
  return cures[loop.framework];
}

/**
 * What one outlier does. Kingma & Ba 2015, section 2.1: the step is bounded by lr·(1−β1)/√(1−β2) where that factor exceeds
 * one; the second moment forgets over about 1/(1−β2) steps.
 */
function harm(optimizer: OptimizerFact): string {
  const beta1 = certainNumber(optimizer.arguments.beta1);
  const beta2 = certainNumber(optimizer.arguments.beta2);
  const general = "one outlier batch goes straight into its running averages";
  if (!optimizer.adamFamily || beta1 === null || beta2 === null || beta2 >= 1 || beta2 <= 0) return general;
  const steps = Math.round(1 / (1 - beta2)).toLocaleString("en-US");
  const bound = Math.max(1, (1 - beta1) / Math.sqrt(1 - beta2));
  return `one outlier batch moves each weight by up to ${bound.toFixed(1)} × lr and weighs on the second moment for about ${steps} steps (beta2 = ${numberText(beta2)})`;
}

function pathRange(context: RuleContext, optimizer: OptimizerFact) {
  return {
    path: optimizer.elsewhere ?? context.facts.path,
    start: optimizer.nameRange.start,
    end: optimizer.nameRange.end,
  };
}
