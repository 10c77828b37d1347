import type { OptimizerArgument } from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";

/**
 * Where the number of an argument is written: in the call or at the end of the chain that it comes through. Null when it is
 * computed, has several values, or is not a number there.
 */
export function literalBehind(text: string, { resolved }: Pick<OptimizerArgument, "resolved">): TextRange | null {
  if (!resolved.known || resolved.alternatives.length > 0) return null;
  const last = resolved.chain.at(-1);
  if (last?.via !== "literal" || resolved.chain.some(({ via }) => via === "arithmetic")) return null;
  const written = text.slice(last.start, last.end);
  return /^[-+\d.(]/.test(written) || written === "None" ? { start: last.start, end: last.end } : null;
}
