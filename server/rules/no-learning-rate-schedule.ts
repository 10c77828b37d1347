import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import type { OptimizerFact, TrainingFacts } from "../facts/trainingFacts.ts";
import { numberText, optimizerName } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { optimizesTensors } from "./trainingContext.ts";

/** He et al. 2016 and Goyal et al. 2017 lower the rate for the first time after 30 of 90 epochs. */
const longEpochs = 30;
/** The warm-up of Adam's rate in Vaswani et al. 2017 alone takes 4,000 steps; ten thousand are a run that decay is worth it in. */
const longSteps = 10_000;

/** Any sign of a schedule, also one that is written by hand, comes from a library or is passed in; a run that stops early has no length. */
const scheduling =
  /sched|anneal|warm_?up|lr_?decay|decay_?lr|adjust_(lr|learning)|\blr_lambda|learning_rate_decay|set_lr|update_lr|get_lr|plateau|early_?stop|(learning_rate|\blr)\.assign|inject_hyperparams/i;

const constantSchedule = /lr_scheduler_type\s*=\s*(["'])constant\1/g;

/** Nets that are trained against each other. */
const adversarial = /discriminator|adversarial|\bw?gan\b/i;

export const noLearningRateSchedule: Rule = {
  name: "no-learning-rate-schedule",
  severity: "hint",
  title: "A long run keeps its learning rate constant",
  frameworks: ["pytorch", "lightning", "keras", "optax", "huggingface"],
  sources: [
    "Loshchilov, Hutter 2019, Decoupled Weight Decay Regularization, section 4.2: Adam profits from a schedule too, https://arxiv.org/abs/1711.05101",
    "He et al. 2016, Deep Residual Learning, section 3.4, https://arxiv.org/abs/1512.03385",
    "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html",
  ],
  check(context, report) {
    const { facts, text } = context;
    if (mayHaveSchedule(context) || adversarial.test(text)) return;
    if (facts.traits.some(({ trait }) => trait === "reinforcement-learning" || trait === "gan")) return;
    const seen = new Set<number>();
    for (const loop of facts.epochLoops) {
      if (!isLong(loop) || loop.isOpen || loop.length === null) continue;
      for (const optimizer of constantOptimizers(facts, loop)) {
        if (seen.has(optimizer.start)) continue;
        seen.add(optimizer.start);
        const length = `${numberText(loop.length)} ${loop.counts}`;
        report({
          ...optimizer.nameRange,
          message: `${optimizerName(optimizer)} keeps one learning rate over ${length}: late in the run its steps, each about the rate in size, still shake the weights around a minimum. Lower the rate when the validation loss stops falling, or along a cosine.`,
          fixes: gradedFix(
            context.fixesOf(optimizer.framework).scheduleRate(context, optimizer, loop),
            "unsafe",
            "Late steps become smaller.",
          ),
          related: [{ path: facts.path, start: loop.header.start, end: loop.header.end, message: `${length} here` }],
        });
      }
    }
  },
};

/** Some code may change a learning rate. */
export function mayHaveSchedule({ facts, text }: Pick<RuleContext, "facts" | "text">): boolean {
  return (
    facts.schedulers.length > 0 ||
    facts.learningRateWrites.length > 0 ||
    // `lr_scheduler_type="constant"` is a schedule by its name alone.
    scheduling.test(text.replaceAll(constantSchedule, ""))
  );
}

function isLong({ counts, length }: EpochLoopFact): boolean {
  return length !== null && length >= (counts === "epochs" ? longEpochs : longSteps);
}

/** The optimizers of the Adam family that step in a loop and go on with a whole net. */
function constantOptimizers(facts: TrainingFacts, loop: EpochLoopFact): readonly OptimizerFact[] {
  return loop.optimizers.flatMap((index) => {
    const optimizer = facts.optimizers[index];
    const framework = loop.framework === "lightning" ? "pytorch" : loop.framework;
    if (!optimizer?.adamFamily || optimizer.framework !== framework || optimizesTensors(optimizer)) return [];
    // Keras and optax take a schedule where the rate stands.
    const rate = optimizer.arguments.learningRate?.resolved;
    const isNumber = rate?.known === true && typeof rate.value === "number";
    return framework === "pytorch" || isNumber ? [optimizer] : [];
  });
}
