import type { TextRange } from "../text/range.ts";

/** A key of a DeepSpeed configuration that is ignored, refused, or contradicts another; the range is the key's. */
export interface DeepSpeedKeyFact extends TextRange {
  readonly fault: "clip-misspelled" | "clip-misplaced" | "both-half-types" | "batch-does-not-divide";
  /** As written. */
  readonly key: string;
  /** Values for the message, as written. */
  readonly values: readonly string[];
  /** The whole entry, key and value. */
  readonly entry: TextRange;
  /** The key that it stands against, where there is one. */
  readonly other: TextRange | null;
}
