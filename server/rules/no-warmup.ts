import type { SchedulerFact } from "../facts/schedulerFacts.ts";
import type { FrameworkName, OptimizerFact, TrainingFacts } from "../facts/trainingFacts.ts";
import { optimizerName } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

/** Any word of a warm-up, also one that is written by hand or called otherwise. */
const warming = /warm|ramp|burn_?in|\bNoam|OneCycle|rsqrt|inverse_?sq/i;

const cures: Readonly<Partial<Record<FrameworkName, string>>> = {
  huggingface: "warmup_steps=1000, for one",
  keras: "CosineDecay with warmup_target and warmup_steps",
  optax: "optax.warmup_cosine_decay_schedule",
};

export const noWarmup: Rule = {
  name: "no-warmup",
  severity: "hint",
  title: "A transformer starts at its full learning rate",
  frameworks: ["pytorch", "keras", "optax", "huggingface"],
  sources: [
    "Vaswani et al. 2017, Attention Is All You Need, section 5.3, https://arxiv.org/abs/1706.03762",
    "Xiong et al. 2020, On Layer Normalization in the Transformer Architecture, https://arxiv.org/abs/2002.04745",
    "Liu et al. 2020, On the Variance of the Adaptive Learning Rate and Beyond, https://arxiv.org/abs/1908.03265",
  ],
  check(context, report) {
    const { facts, text } = context;
    if (warming.test(text) || facts.learningRateWrites.length > 0) return;
    for (const scheduler of facts.schedulers) {
      const isTrainer = scheduler.framework === "huggingface";
      // A Trainer's schedule is told of only where its model is built from a configuration.
      const transformer = isTrainer ? "built from its configuration" : transformerFromScratch(facts, text);
      const optimizer = warmedNowhere(facts, scheduler);
      if (transformer === null || optimizer === null) continue;
      report({
        ...scheduler.nameRange,
        message: `${scheduler.constructorName} starts ${optimizerName(optimizer)} at its full learning rate, while the second moment still rests on a few batches, and a transformer that is trained from scratch (${transformer}) easily diverges then. Raise the rate from near zero over the first steps: ${cures[scheduler.framework] ?? "a LinearLR before it in a SequentialLR"}.`,
        fixes: gradedFix(
          context.fixesOf(scheduler.framework).warmUpSchedule(context, scheduler, optimizer),
          "unsafe",
          "The first steps become smaller.",
        ),
        related: [
          {
            path: facts.path,
            start: optimizer.nameRange.start,
            end: optimizer.nameRange.end,
            message: `${optimizerName(optimizer)} is built here`,
          },
        ],
      });
    }
  },
};

/** What shows a transformer of the file's own; null where its weights may come from elsewhere. */
function transformerFromScratch(facts: TrainingFacts, text: string): string | null {
  if (
    facts.traits.some(({ trait }) => trait === "pretrained") ||
    /pretrain|load_state_dict|from_checkpoint/i.test(text)
  )
    return null;
  const own = facts.traits.find(({ trait, shownBy }) => trait === "transformer" && shownBy !== "transformers");
  return own?.shownBy ?? null;
}

/** The optimizer of the Adam family that a schedule without a warm-up leads; RAdam warms up by itself (Liu et al. 2020). */
function warmedNowhere(facts: TrainingFacts, scheduler: SchedulerFact): OptimizerFact | null {
  const [index, ...others] = scheduler.optimizers;
  if (scheduler.warmsUp !== false || index === undefined || others.length > 0) return null;
  // A part of a SequentialLR or ChainedScheduler starts where another one ends.
  if (scheduler.framework === "pytorch" && scheduler.steps.length === 0) return null;
  const optimizer = facts.optimizers[index];
  return optimizer?.adamFamily === true && optimizer.algorithm !== "radam" ? optimizer : null;
}
