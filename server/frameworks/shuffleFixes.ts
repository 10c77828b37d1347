import type { UnshuffledDataFact } from "../facts/unshuffledDataFacts.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft } from "./framework.ts";

/** Lets the loader shuffle: the flag turned over, an argument more, or a step of a `tf.data` pipeline more, with a buffer of 10,000. */
export function shuffleTrainingData({ text }: FixContext, { framework, value, call }: UnshuffledDataFact): FixDraft {
  const title = "Shuffle the training data in every epoch";
  if (framework === "keras" && value === null)
    return { title, edits: [{ start: call.end, end: call.end, newText: ".shuffle(10_000)" }] };
  const newText = framework === "tensorflowjs" ? "true" : "True";
  const edits = value === null ? appendArgument(text, call, "shuffle=True") : [{ ...value, newText }];
  return { title, edits };
}
