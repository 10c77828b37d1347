import type { DeepSpeedKeyFact } from "../facts/deepSpeedFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule, Severity } from "./rule.ts";

interface Fault {
  readonly severity: Severity;
  readonly message: string;
}

const faults: Readonly<Record<DeepSpeedKeyFact["fault"], (key: DeepSpeedKeyFact) => Fault>> = {
  "clip-misspelled": ({ key }) => ({
    severity: "warning",
    message: `DeepSpeed knows no ${key} here and ignores it, so that its threshold is not the one that clips. The key is gradient_clipping.`,
  }),
  "clip-misplaced": ({ key }) => ({
    severity: "warning",
    message: `DeepSpeed reads ${key} at the top of the configuration only, so this one does not set the threshold. Move it there.`,
  }),
  "both-half-types": () => ({
    severity: "error",
    message:
      "fp16 and bf16 are both enabled, which DeepSpeed refuses when it starts. Keep bf16 where the hardware has it: it needs no loss scale.",
  }),
  "batch-does-not-divide": ({ values: [total, micro, accumulation] }) => ({
    severity: "error",
    message: `train_batch_size is the batch of a device times gradient_accumulation_steps times the number of devices, and ${total} is no multiple of ${micro} × ${accumulation}: DeepSpeed refuses this on any number of devices. Change one of the three, or leave train_batch_size out.`,
  }),
};

export const deepspeedConfig: Rule = {
  name: "deepspeed-config",
  severity: "warning",
  title: "A key of the DeepSpeed configuration is ignored or contradicts another",
  frameworks: ["deepspeed"],
  sources: [
    "https://www.deepspeed.ai/docs/config-json/",
    "deepspeed runtime/config.py: fp16 and bf16 exclude each other; _batch_assertion",
    "deepspeed runtime/constants.py: GRADIENT_CLIPPING",
  ],
  check(context, report) {
    for (const key of context.facts.deepSpeedKeys) {
      const { start, end, other } = key;
      const draft = context.fixesOf("deepspeed").correctDeepSpeedKey(context, key);
      report({
        start,
        end,
        ...faults[key.fault](key),
        fixes: gradedFix(draft, "unsafe", "The setting takes effect, which changes the training."),
        related: other === null ? [] : [{ path: context.facts.path, ...other, message: "the other one is here" }],
      });
    }
  },
};
