import type { FrameworkName } from "../facts/trainingFacts.ts";
import { optimizersHere } from "../facts/trainingFacts.ts";
import { argumentText, certainNumber, mayBeTrue, numberText, optimizerName, valuePlaces } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import { settingsOf } from "./groupSettings.ts";
import type { Rule } from "./rule.ts";

/** Algorithms whose torch implementation adds `weight_decay` to the gradient unless told otherwise. */
const l2ByDefault = new Set(["adam", "nadam", "radam", "adamax"]);

/** Frameworks whose optimizers are torch's, or behave as they do. */
const buildsTorch: ReadonlySet<FrameworkName> = new Set(["pytorch", "deepspeed", "configuration"]);

/** How each framework decouples what the code writes as a penalty. */
const cures: Readonly<Partial<Record<FrameworkName, string>>> = {
  keras: "Leave the penalty out and use AdamW, or weight_decay of the same optimizer, which Keras decouples",
  tensorflow1: "Leave the penalty out and use tf.contrib.opt.AdamWOptimizer",
  optax: "Put add_decayed_weights after scale_by_adam, or use optax.adamw",
};

export const adamL2WeightDecay: Rule = {
  name: "adam-l2-weight-decay",
  severity: "warning",
  title: "Adam's weight decay is L2 regularization, scaled away by its own denominator",
  frameworks: ["pytorch", "keras", "tensorflow1", "optax", "deepspeed", "configuration"],
  sources: [
    "Loshchilov, Hutter 2019, Decoupled weight decay regularization, https://arxiv.org/abs/1711.05101",
    "https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html",
    "torch 2.13 optim/adamw.py L21-49",
    "deepspeed runtime/engine.py _configure_basic_optimizer: adam_w_mode",
    "Keras 3.15 src/optimizers/base_optimizer.py L952-959: weight_decay is decoupled",
    "optax _src/alias.py L616: adamw adds the decay after scale_by_adam",
  ],
  check(context, report) {
    for (const { framework, optimizers, shownBy, factor, start, end } of context.facts.l2Penalties) {
      const optimizer = context.facts.optimizers[optimizers[0] ?? -1];
      if (optimizer === undefined) continue;
      const name = optimizerName(optimizer);
      const penalty = factor === null ? shownBy : `${shownBy} (${numberText(factor)})`;
      report({
        start,
        end,
        message: `${penalty} reaches ${name} through the gradient, which it divides by the gradient's own size, so weights with large gradients hardly decay and quiet ones decay most. ${cures[framework] ?? "Use AdamW"}, and tune the decay anew: good values there are often 1e-4 to 1e-2.`,
        fixes: [],
        related: [
          {
            path: context.facts.path,
            start: optimizer.nameRange.start,
            end: optimizer.nameRange.end,
            message: `${name} is built here`,
          },
        ],
      });
    }
    for (const optimizer of optimizersHere(context.facts)) {
      if (!buildsTorch.has(optimizer.framework) || !l2ByDefault.has(optimizer.algorithm)) continue;
      const decays = settingsOf(optimizer, "weightDecay").map(({ argument }) => argument);
      const decay = decays.find((each) => (certainNumber(each) ?? 0) !== 0);
      if (decay === undefined) continue;
      if (mayBeTrue(optimizer.arguments.decoupledWeightDecay)) continue;
      const name = optimizerName(optimizer);
      // NAdam and RAdam have the flag in the assumed version; with Adam the class says it better.
      const hasFlag = optimizer.arguments.decoupledWeightDecay !== undefined && optimizer.algorithm !== "adam";
      const cure =
        optimizer.framework === "deepspeed" || /w_mode$/.test(optimizer.arguments.decoupledWeightDecay?.keyword ?? "")
          ? `Leave ${optimizer.arguments.decoupledWeightDecay?.keyword ?? "adam_w_mode"} on`
          : hasFlag
            ? "Set decoupled_weight_decay=True"
            : "Use AdamW";
      const place = decay.range ?? optimizer.nameRange;
      const draft = context.fixesOf(optimizer.framework).decoupleWeightDecay(context, optimizer);
      report({
        start: place.start,
        end: place.end,
        message: `${name} adds ${argumentText(decay, optimizer)} to the gradient and then divides by the gradient's own size, so weights with large gradients hardly decay and quiet ones decay most. ${cure}, and tune the decay anew: good values there are often 1e-4 to 1e-2.`,
        fixes: gradedFix(draft, "unsafe", "The same number decays weights more strongly when it is decoupled."),
        related: valuePlaces(decay),
      });
    }
  },
};
