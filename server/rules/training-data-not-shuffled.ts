import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

export const trainingDataNotShuffled: Rule = {
  name: "training-data-not-shuffled",
  severity: "info",
  title: "Training data comes in the same order in every epoch",
  frameworks: ["pytorch", "keras", "tensorflowjs"],
  sources: [
    "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader (shuffle=False by default)",
    "Bengio, Practical recommendations for gradient-based training of deep architectures (2012), arXiv:1206.5533, section 3.1",
    "https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle (a pipeline keeps its order without it)",
    "https://keras.io/api/models/model_training_apis/#fit-method (shuffle=True by default)",
  ],
  check(context, report) {
    for (const fact of context.facts.unshuffledData) {
      const missing =
        fact.framework === "keras"
          ? "This training pipeline has no shuffle"
          : "This training loader has no shuffle=True";
      const how = fact.said === null ? missing : `${fact.said} on training data`;
      const verb = fact.said === null ? ", so every epoch sees" : " makes every epoch see";
      report({
        start: fact.start,
        end: fact.end,
        message: `${how}${verb} the same batches in the same order; where the data is sorted, as image folders are by class, a batch holds a single kind. Shuffle it unless its order is meant.`,
        fixes: gradedFix(
          context.fixesOf(fact.framework).shuffleTrainingData(context, fact),
          "unsafe",
          "Batches are put together anew in every epoch.",
        ),
        related: [],
      });
    }
  },
};
