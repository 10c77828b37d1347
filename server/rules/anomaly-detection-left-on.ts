import type { AnomalyDetectionFact } from "../facts/anomalyDetectionFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

export const anomalyDetectionLeftOn: Rule = {
  name: "anomaly-detection-left-on",
  severity: "hint",
  title: "A debugging search for NaN stays on for the whole training",
  frameworks: ["pytorch", "lightning", "keras", "optax"],
  sources: [
    "torch 2.13 autograd/anomaly_mode.py L19-21: enable it only for debugging, it slows execution down",
    "lightning 2.6 pytorch/trainer/trainer.py L481-485: significantly slows down compute speed",
    "https://www.tensorflow.org/api_docs/python/tf/debugging/enable_check_numerics",
    "https://docs.jax.dev/en/latest/debugging/flags.html",
  ],
  check(context, report) {
    for (const fact of context.facts.anomalyDetections) {
      report({
        start: fact.start,
        end: fact.end,
        message: `${fact.shownBy} ${costs[fact.framework] ?? "slows every step down"}. Take it out once the NaN is found, or let a flag that is off by default decide.`,
        fixes: gradedFix(
          context.fixesOf(fact.framework).removeAnomalyDetection(context, fact),
          "unsafe",
          "A NaN in a backward pass no longer stops the run with the place that made it.",
        ),
        related: [],
      });
    }
  },
};

const costs: Readonly<Partial<Record<AnomalyDetectionFact["framework"], string>>> = {
  pytorch:
    "stays on for the whole training: every forward operation keeps a traceback and every gradient is searched for NaN, which about doubled the time of a step where it was measured",
  lightning:
    "stays on for the whole fit: every forward operation keeps a traceback and every gradient is searched for NaN, which about doubled the time of a step where it was measured",
  keras: "checks the output of every operation for NaN and infinity in the whole run",
  optax:
    "fetches every result to search it for NaN, and runs a function again without compilation where it finds one, in the whole run",
};
