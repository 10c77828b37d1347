import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";
import type { RelatedPlace } from "./rule.ts";

/** A place of the linted file beside a finding. */
export function placeOf({ path }: TrainingFacts, { start, end }: TextRange, message: string): RelatedPlace {
  return { path, start, end, message };
}
