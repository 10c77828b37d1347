import type { SchedulerFact, SchedulerStepFact } from "../facts/schedulerFacts.ts";
import type { TrainingFacts } from "../facts/trainingFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import { placeOf } from "./relatedPlace.ts";
import type { Fix, RelatedPlace, Rule, RuleContext } from "./rule.ts";

export const schedulerStepOrder: Rule = {
  name: "scheduler-step-order",
  severity: "warning",
  title: "A learning-rate scheduler is stepped too early, too often, too rarely or never",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
    "torch 2.13 optim/lr_scheduler.py L238-277 (order), L1696 (ReduceLROnPlateau.step takes the metric)",
    "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html",
  ],
  check(context, report) {
    const seen = new Set<number>();
    for (const scheduler of context.facts.schedulers) {
      if (isNeverStepped(context.facts, scheduler)) {
        report({
          ...scheduler.nameRange,
          message: `Nothing steps this ${scheduler.constructorName}, so the learning rate stays where it starts. Call ${scheduler.boundTo}.step() ${scheduler.unit === "batch" ? "after every step of the optimizer" : "once an epoch, after the optimizer's steps"}.`,
          fixes: gradedFix(
            context.fixesOf(scheduler.framework).stepScheduler(context, scheduler),
            "unsafe",
            "The learning rate changes as the schedule says.",
          ),
          related: [],
        });
      }
      for (const step of scheduler.steps) {
        const fault = faultOf(context, scheduler, step);
        if (fault === null || seen.has(step.start)) continue;
        seen.add(step.start);
        report({ start: step.start, end: step.end, ...fault });
      }
    }
  },
};

interface Fault {
  readonly message: string;
  readonly fixes: readonly Fix[];
  readonly related: readonly RelatedPlace[];
}

function faultOf(context: RuleContext, scheduler: SchedulerFact, step: SchedulerStepFact): Fault | null {
  const { facts } = context;
  const fixes = context.fixesOf(scheduler.framework);
  const name = scheduler.constructorName;
  const built = placeOf(facts, scheduler.nameRange, `${name} is built here`);
  if (scheduler.needsMetric && !step.hasArgument) {
    return {
      message:
        "ReduceLROnPlateau watches a metric and step() is called without one, which raises a TypeError. Pass the validation loss: step(val_loss).",
      fixes: gradedFix(
        fixes.stepOnMetric(context, step),
        "unsafe",
        "The rate falls when the validation loss stops falling.",
      ),
      related: [built],
    };
  }
  if (scheduler.unit === "batch" && step.level === "epoch" && scheduler.usesKnown && scheduler.steps.length === 1) {
    const draft = step.otherLevel === null ? null : fixes.moveSchedulerStep(context, step, step.otherLevel);
    return {
      message: `The length of this ${name} counts batches (${scheduler.unitShownBy}), and it is stepped once an epoch, so the run ends while the schedule has hardly begun. Step it after every step of the optimizer.`,
      fixes: gradedFix(draft, "unsafe", "The whole schedule is run through."),
      related: [built],
    };
  }
  if (scheduler.unit === "epoch" && step.level === "batch" && !step.hasArgument) {
    const draft = step.otherLevel === null ? null : fixes.moveSchedulerStep(context, step, step.otherLevel);
    return {
      message: `The length of this ${name} counts epochs (${scheduler.unitShownBy}), and it is stepped once a batch, so the schedule is over after a few epochs at most. Step it once an epoch.`,
      fixes: gradedFix(draft, "unsafe", "The learning rate changes as many times slower as an epoch has batches."),
      related: [built],
    };
  }
  if (step.beforeOptimizer && !scheduler.needsMetric) {
    const draft = step.optimizerStep === null ? null : fixes.moveSchedulerStep(context, step, step.optimizerStep);
    return {
      message:
        "The scheduler steps before the optimizer, so the first value of the schedule is never used and all others come one step early (PyTorch 1.1 and later). Step it after the optimizer.",
      fixes: gradedFix(draft, "safe"),
      related: [
        built,
        ...(step.optimizerStep === null ? [] : [placeOf(facts, step.optimizerStep, "the optimizer steps here")]),
      ],
    };
  }
  return null;
}

/** Built and bound, every use of its name is read, and its optimizer steps in this file without it. */
function isNeverStepped(facts: TrainingFacts, scheduler: SchedulerFact): boolean {
  if (scheduler.steps.length > 0 || !scheduler.usesKnown || scheduler.boundTo === null) return false;
  if (/^(SequentialLR|ChainedScheduler|LambdaLR)$/.test(scheduler.constructorName) && scheduler.optimizers.length === 0)
    return false;
  const loops = facts.loops.filter(({ optimizers }) =>
    optimizers.some((index) => scheduler.optimizers.includes(index)),
  );
  return loops.length > 0 && loops.every(({ wrappedBy }) => wrappedBy === null);
}
