import type { SamplerEpochFact } from "../facts/samplerEpochFacts.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { indentationOf, insertLinesBefore } from "./sourceLines.ts";

/** `sampler.set_epoch(epoch)` as the first statement of the loop over epochs, under the test that it needs. */
export function setSamplerEpoch({ text }: FixContext, { call, epochLoop }: SamplerEpochFact): FixDraft | null {
  if (call === null) return null;
  const outer = indentationOf(text, epochLoop.start);
  const inner = indentationOf(text, call.before.start);
  if (outer === null || inner === null || !inner.startsWith(outer)) return null;
  const line = `${call.receiver}.set_epoch(${call.epoch})`;
  const lines = call.guard === null ? [line] : [`if ${call.guard}:`, `${inner.slice(outer.length)}${line}`];
  const insertion = insertLinesBefore(text, call.before, lines);
  return insertion === null ? null : { title: `Call ${line} at the start of each epoch`, edits: [insertion] };
}
