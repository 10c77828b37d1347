import type { LossLogFact } from "../facts/lossLogFacts.ts";
import type { TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";

/** Loggers that keep numbers by step come before lines of text. */
const preferred: readonly LossLogFact["logger"][] = [
  "metrics",
  "tensorboard",
  "lightning",
  "json",
  "meter",
  "logging",
  "progress bar",
  "file",
  "print",
];
const places: readonly LossLogFact["place"][] = ["iteration", "behind", "caller"];

/** Where more belongs: in the loop itself before behind it, in a logger of numbers before lines of text. */
export function bestLossLog(facts: TrainingFacts, loop: TrainingLoopFact): LossLogFact | null {
  const logs = facts.lossLogs.filter(
    // What a metric of flax or Keras collects is averaged before it is logged elsewhere.
    ({ loopStart, logger, framework }) => loopStart === loop.start && (framework === "pytorch" || logger !== "meter"),
  );
  const rank = ({ place, logger, extension }: LossLogFact) =>
    places.indexOf(place) * 100 + preferred.indexOf(logger) + (extension === null ? 50 : 0);
  return logs.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}
