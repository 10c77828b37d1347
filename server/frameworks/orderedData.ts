import type { SourceIndex } from "../facts/scope.ts";

/** Shuffling by other means, data whose order is meant, and data without an order. */
const splitsAtRandom = /random_split|train_test_split|sample\(\s*frac/i;
const orderIsMeant =
  /shuffl(?!e\s*[=:]\s*(False|false))|permutation|randperm|bptt|stateful|time_?series|forecast|\bstock|\bsensor|\bLSTM|\bGRU\b|\bRNN\b|SimpleRNN|curriculum|streaming|overfit|\bvideo|trajector|episode|reward|\bmake_(classification|moons|blobs|circles|regression)\b/i;

/**
 * Whether nothing in the file speaks of an order that is mixed elsewhere or meant. A split at random mixes once: it says something
 * only where the code has not decided by itself that every epoch takes the same order.
 */
export function speaksOfNoOrder(source: SourceIndex, isDecided = false): boolean {
  let code = "";
  let from = 0;
  for (const { start, end } of source.module.comments) {
    code += source.text.slice(from, start);
    from = Math.max(from, end);
  }
  code += source.text.slice(from);
  return !orderIsMeant.test(code) && (isDecided || !splitsAtRandom.test(code));
}
