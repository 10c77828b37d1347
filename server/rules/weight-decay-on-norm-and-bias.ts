import { argumentText, certainNumber, optimizerName, valuePlaces } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

/** torch's AdamW decays by 0.01 unless told otherwise (torch 2.13 optim/adamw.py L27); less than that hardly matters here. */
const notable = 0.01;

export const weightDecayOnNormAndBias: Rule = {
  name: "weight-decay-on-norm-and-bias",
  severity: "hint",
  title: "Weight decay reaches the biases and the norm layers too",
  frameworks: ["pytorch", "keras", "optax"],
  sources: [
    "He et al. 2019, Bag of tricks for image classification, section 3.1, No bias decay, https://arxiv.org/abs/1812.01187",
    "timm 1.0 optim/_param_groups.py: param_groups_weight_decay leaves out what has one dimension",
    "transformers 5.23 trainer.py L1408-1418: get_decay_parameter_names leaves out biases and norms",
    "https://keras.io/api/optimizers/adamw/: exclude_from_weight_decay",
    "https://optax.readthedocs.io/en/latest/api/optimizers.html#optax.adamw: mask",
  ],
  check(context, report) {
    const { facts } = context;
    for (const fact of facts.decayedNorms) {
      const optimizer = facts.optimizers[fact.optimizers[0] ?? -1];
      const decay = optimizer?.arguments.weightDecay;
      const value = certainNumber(decay);
      if (optimizer === undefined || decay === undefined || value === null || value < notable) continue;
      const place = decay.range ?? optimizer.nameRange;
      const draft = context.fixesOf(fact.framework).exemptNorms(context, optimizer, fact);
      report({
        start: place.start,
        end: place.end,
        message: `${argumentText(decay, optimizer)} of ${optimizerName(optimizer)} decays every parameter, also the biases and the scales of ${fact.shownBy}, which it pulls towards 0 although they overfit nothing. ${cures[fact.framework] ?? ""}`,
        fixes: gradedFix(
          draft,
          "unsafe",
          "Biases and norms are no longer decayed; the optimizer's saved state has one more group.",
        ),
        related: [
          { path: facts.path, start: fact.start, end: fact.end, message: `${fact.shownBy} is in the model` },
          ...valuePlaces(decay),
        ],
      });
    }
  },
};

const cures: Readonly<Record<string, string>> = {
  pytorch: "Put what has fewer than two dimensions into a parameter group with weight_decay=0.",
  keras: "Call exclude_from_weight_decay(var_names=[…]) on the optimizer before training.",
  optax: "Give it a mask that leaves out what has fewer than two dimensions.",
};
