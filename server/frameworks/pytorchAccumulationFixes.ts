import type { UnaveragedAccumulationFact } from "../facts/accumulationFacts.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { wholeLines } from "./sourceLines.ts";

/** Divides the loss by the number of micro-batches in the backward call, or takes a second division out. */
export function averageAccumulation({ text }: FixContext, fact: UnaveragedAccumulationFact): FixDraft | null {
  const { lossRange, count, fault, shownBy } = fact;
  const loss = text.slice(lossRange.start, lossRange.end);
  if (fault === "not-divided") {
    const divided = `${loss} / ${count}`;
    const newText = text.startsWith(".backward", lossRange.end) ? `(${divided})` : divided;
    return { title: `Divide the loss by ${count}`, edits: [{ ...lossRange, newText }] };
  }
  const title = `Divide the loss by ${count} once`;
  if (lossRange.start <= shownBy.start && shownBy.end <= lossRange.end) {
    const once = loss.slice(0, loss.lastIndexOf("/")).trimEnd();
    return { title, edits: [{ ...lossRange, newText: once }] };
  }
  const lines = wholeLines(text, shownBy);
  return lines === null ? null : { title, edits: [{ ...lines, newText: "" }] };
}
