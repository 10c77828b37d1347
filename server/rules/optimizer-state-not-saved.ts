import type { UnsavedStateFact } from "../facts/checkpointFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { RelatedPlace, Rule, Severity } from "./rule.ts";

export const optimizerStateNotSaved: Rule = {
  name: "optimizer-state-not-saved",
  severity: "warning",
  title: "A checkpoint to go on from leaves out the state of the optimizer",
  frameworks: ["pytorch", "lightning", "huggingface", "keras", "optax", "tensorflow1"],
  sources: [
    "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training",
    "torch 2.13 optim/optimizer.py: state_dict() holds the state of every parameter and the groups",
    "https://www.tensorflow.org/guide/checkpoint: a Checkpoint saves the objects it is given",
    "transformers 5.23 training_args.py L470 (save_only_model), lightning 2.6 checkpoint_connector.py L374-383",
    "https://flax.readthedocs.io/en/latest/guides/training_techniques/use_checkpointing.html",
    "torch 2.13 optim/adam.py: step, exp_avg and exp_avg_sq start at 0",
  ],
  check(context, report) {
    for (const fact of context.facts.unsavedState) {
      const related: RelatedPlace[] =
        fact.resumedAt === null || fact.at === "load"
          ? []
          : [{ path: context.facts.path, ...fact.resumedAt, message: "the run goes on from here" }];
      report({
        start: fact.start,
        end: fact.end,
        severity: severityOf(fact),
        message: message(fact),
        fixes: gradedFix(
          context.fixesOf(fact.framework).saveState(context, fact),
          "unsafe",
          "Checkpoints that were written before do not have it.",
        ),
        related,
      });
    }
  },
};

/** A file that nothing here goes on from may be meant for use alone. */
function severityOf(fact: UnsavedStateFact): Severity {
  if (fact.missing === "scaler") return "info";
  return fact.resumedAt !== null || fact.keepsCount ? "warning" : "info";
}

function message(fact: UnsavedStateFact): string {
  const { at, missing, holder, framework } = fact;
  if (framework === "huggingface") {
    return "save_only_model=True leaves the optimizer, the scheduler and the random state out of checkpoints, and this file goes on from one: Adam's moments and the schedule start again. Leave it at False.";
  }
  if (framework === "lightning") {
    return "save_weights_only=True leaves the optimizer and the scheduler out of checkpoints, and Lightning raises a KeyError when fit goes on from one (ckpt_path). Leave it at False.";
  }
  const what = holder ?? `the ${missing}`;
  if (missing === "scheduler") {
    return `The checkpoint has no state of ${what} (${fact.constructorName}), so a run that goes on from it follows the schedule from its first step again. Save and load ${what}.state_dict() too.`;
  }
  if (missing === "scaler") {
    return `The checkpoint has no state of ${what} (GradScaler), so a run that goes on from it starts at a loss scale of 65536 again and skips steps until that fits. Save and load ${what}.state_dict() too.`;
  }
  const lost = lostText(fact.constructorName);
  if (at === "load") {
    return `The run goes on from saved weights without the optimizer's state: ${lost}. Save ${stateOf(fact)} with the weights and load it here.`;
  }
  return `The weights are saved during training without the optimizer's state, so a run that goes on from them is not the same run: ${lost}. Save ${stateOf(fact)} with them.`;
}

function stateOf({ holder, framework, call }: UnsavedStateFact): string {
  if (framework === "optax") return "the optimizer's state (or the whole train state)";
  if (framework === "keras") return call === "ModelCheckpoint" ? "the whole model" : (holder ?? "the optimizer");
  if (framework === "tensorflow1") return "all variables (a Saver without a list does)";
  return holder === null ? "the optimizer's state_dict()" : `${holder}.state_dict()`;
}

function lostText(constructorName: string | null): string {
  if (constructorName === null) return "what it has gathered about the gradients starts at nothing again";
  if (/adam/i.test(constructorName)) return `${constructorName}'s moments and step count start at 0 again`;
  if (constructorName === "SGD") return "SGD's momentum starts at 0 again";
  return `${constructorName}'s running statistics start at their first values again`;
}
