import type { OptimizerArgument } from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";
import type { FixContext } from "./framework.ts";

/**
 * Where the number of an argument is written: in the call or at the end of the chain that it comes through. Null when it is
 * computed, has several values, comes from another file, or is not a number there.
 */
export function literalBehind(
  { text, facts }: FixContext,
  { resolved }: Pick<OptimizerArgument, "resolved">,
): TextRange | null {
  if (!resolved.known || resolved.alternatives.length > 0) return null;
  const last = resolved.chain.at(-1);
  if (last?.path !== facts.path) return null;
  if (last.via !== "literal" || resolved.chain.some(({ via }) => via === "arithmetic")) return null;
  const written = text.slice(last.start, last.end);
  return /^[-+\d.(]/.test(written) || written === "None" ? { start: last.start, end: last.end } : null;
}
