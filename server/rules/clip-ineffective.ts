import type { IneffectiveClipCause, IneffectiveClipFact } from "../facts/ineffectiveClipFacts.ts";
import { numberText } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule, Severity } from "./rule.ts";

/** The threshold that transformers' Trainer (`max_grad_norm`) and GPT-3 (Brown et al. 2020, appendix B) clip at. */
const maximumNorm = 1;

const messages: Readonly<Record<IneffectiveClipCause, (clip: IneffectiveClipFact) => string>> = {
  "manual-optimization": ({ name }) =>
    `The module optimizes by hand (automatic_optimization = False), where Lightning refuses ${name} with an error when training starts. Leave it out and call self.clip_gradients(optimizer, gradient_clip_val=…) before optimizer.step().`,
  "fused-optimizer": ({ name }) =>
    `The optimizer is fused and unscales gradients inside its step, so under 16-bit mixed precision Lightning refuses ${name} with an error. Use fused=False, or precision="bf16-mixed", which has no loss scale.`,
  "deepspeed-optimizer-parameter": () =>
    "DeepSpeed refuses max_grad_norm among the optimizer's parameters with an error. Put the threshold in gradient_clipping at the top of the configuration.",
  "accelerate-under-deepspeed": () =>
    "Under DeepSpeed this call only returns the norm and its threshold is ignored: the engine clips by its own setting. Give DeepSpeedPlugin gradient_clipping.",
  "several-clip-arguments": ({ name }) =>
    `Keras takes one of clipnorm, clipvalue and global_clipnorm, and ${name} is a second one: Keras 3, and TensorFlow from 2.11 on, raise an error. Keep global_clipnorm, which keeps the gradient's direction.`,
  "threshold-too-high": ({ name, threshold }) =>
    `${name} clips at ${valueText(threshold)}, far above the norm of any healthy gradient, so that it limits nothing but overflows. Clip near the median norm of a healthy run; 1.0 is usual.`,
  "threshold-zero": ({ name }) =>
    `${name} clips at 0, which scales every gradient to zero, so that nothing is learned. Clip near the median norm of a healthy run (1.0 is usual), or leave the call out.`,
};

/** A high threshold can be meant, for losses summed over many elements. */
const severities: Readonly<Partial<Record<IneffectiveClipCause, Severity>>> = {
  "threshold-too-high": "warning",
  "accelerate-under-deepspeed": "warning",
};

export const clipIneffective: Rule = {
  name: "clip-ineffective",
  severity: "error",
  title: "Gradient clipping is asked for and does nothing",
  frameworks: ["pytorch", "keras", "huggingface", "lightning", "deepspeed"],
  sources: [
    "lightning 2.6 pytorch/trainer/configuration_validator.py L122-126 (manual optimization)",
    "lightning 2.6 pytorch/plugins/precision/amp.py L102-112 (fused optimizers)",
    "deepspeed runtime/engine.py _configure_basic_optimizer: ValueError on max_grad_norm",
    "accelerate 1.15 accelerator.py L3023-3027 (DeepSpeed)",
    "Keras 3.15 src/optimizers/base_optimizer.py: clip_args_sum",
    "torch 2.13 nn/utils/clip_grad.py L185-231",
  ],
  check(context, report) {
    for (const clip of context.facts.ineffectiveClips) {
      const draft = context.fixesOf(clip.framework).makeClipEffective(context, clip, maximumNorm);
      const { because } = clip;
      report({
        start: clip.start,
        end: clip.end,
        severity: severities[clip.cause] ?? "error",
        message: messages[clip.cause](clip),
        fixes: gradedFix(draft, "unsafe", "Steps whose gradient norm is above the threshold become smaller."),
        related:
          because === null
            ? []
            : [
                {
                  path: context.facts.path,
                  start: because.start,
                  end: because.end,
                  message: `${because.text} is set here`,
                },
              ],
      });
    }
  },
};

function valueText(threshold: IneffectiveClipFact["threshold"]): string {
  if (!threshold?.known || typeof threshold.value !== "number") return "a high threshold";
  return Number.isFinite(threshold.value) ? numberText(threshold.value) : "infinity";
}
