import type { UnshuffledDataFact } from "../facts/unshuffledDataFacts.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft } from "./framework.ts";

/** Lets the loader shuffle: the flag turned over, or an argument more. */
export function shuffleTrainingData({ text }: FixContext, { framework, value, call }: UnshuffledDataFact): FixDraft {
  const newText = framework === "tensorflowjs" ? "true" : "True";
  const edits = value === null ? appendArgument(text, call, "shuffle=True") : [{ ...value, newText }];
  return { title: "Shuffle the training data in every epoch", edits };
}
