import type { LossCallFact } from "../facts/lossCallFacts.ts";
import type { TextRange } from "../text/range.ts";

/** The activation that all alternatives end in, null where they differ or one is not known; of several no operand is the one to keep. */
export function agreedActivation<
  A extends Pick<LossCallFact, "activation"> & { readonly operandRange: TextRange | null },
>(all: readonly (A | null)[]): A | null {
  const [first] = all;
  if (first === undefined || first === null || all.some((each) => each?.activation !== first.activation)) return null;
  return all.length === 1 ? first : { ...first, operandRange: null };
}
