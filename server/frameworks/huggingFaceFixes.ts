import type { HiddenNonfiniteFact } from "../facts/hiddenNonfiniteFacts.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft, FrameworkFixes } from "./framework.ts";
import { literalBehind } from "./literalBehind.ts";

/** Clipping as an argument of the trainer: its number where one is written, else appended to the call that the loop stands for. */
export function clipByTrainer(keyword: string): FrameworkFixes["clipGradientNorm"] {
  return (context, loop, _step, maximumNorm) => {
    const { text, facts } = context;
    const written = maximumNorm.toFixed(1);
    const title = `Clip the gradient norm to ${written} with ${keyword}=${written}`;
    const trainer = facts.trainers.find(({ start, end }) => start === loop.start && end === loop.end);
    const setting = trainer?.settings.clipNorm;
    if (setting === undefined) return null;
    if (!setting.given) {
      if (setting.range === null && setting.resolved.chain[0]?.via !== "library default") return null;
      return { title, edits: appendArgument(text, loop, `${keyword}=${written}`) };
    }
    const range = literalBehind(context, setting);
    return range === null ? null : { title, edits: [{ ...range, newText: written }] };
  };
}

/** Switches the filter off, or leaves the loss as it is. */
export function showNonfinite({ text, facts }: FixContext, hidden: HiddenNonfiniteFact): FixDraft | null {
  if (hidden.how === "replaced") {
    if (hidden.lossText === null) return null;
    const title = "Leave the loss as it is";
    return { title, edits: [{ ...hidden.call, newText: hidden.lossText }] };
  }
  const title = "Set logging_nan_inf_filter=False";
  const trainer = facts.trainers.find(({ start, end }) => start === hidden.call.start && end === hidden.call.end);
  const setting = trainer?.settings.nonfiniteFilter;
  if (setting === undefined) return null;
  if (!setting.given) return { title, edits: appendArgument(text, hidden.call, "logging_nan_inf_filter=False") };
  const last = setting.resolved.known ? setting.resolved.chain.at(-1) : undefined;
  if (last?.path !== facts.path || text.slice(last.start, last.end) !== "True") return null;
  return { title, edits: [{ start: last.start, end: last.end, newText: "False" }] };
}
