import type { BatchLoopFact } from "../facts/batchLoopFacts.ts";
import { isBackward } from "../facts/eventKinds.ts";
import type { LossLogFact } from "../facts/lossLogFacts.ts";
import type { TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { type RecordField, recordLines } from "./pytorchLogRecords.ts";
import { insertLinesBefore } from "./sourceLines.ts";

const added = "batch_index";

/**
 * A record of every batch before its backward pass, so that it stands in the log also where that one fails: the number of the batch,
 * which the loop is made to count where it does not, and what the loader gives that names samples.
 */
export function identifyBatches(
  context: FixContext,
  loop: TrainingLoopFact,
  batches: BatchLoopFact,
  log: LossLogFact | null,
): FixDraft | null {
  const { text } = context;
  const backward = loop.events.find(isBackward);
  if (backward === undefined || backward.inlined || (backward.depth ?? 0) > 0) return null;
  const ownIndex = batches.index ?? firstOfPair(text, batches);
  const counted = ownIndex === null ? counting(text, batches) : [];
  if (counted === null) return null;
  const index = ownIndex ?? added;
  const fields: readonly RecordField[] = [
    { name: "batch", value: index, kind: "number" },
    ...batches.identities.slice(0, 2).map((value) => ({ name: nameOf(value), value, kind: "words" as const })),
  ];
  // The loop's own index says the place already; one that is added begins again with every epoch.
  const logged = log?.step ?? null;
  const isCount = logged !== null && logged !== index && !/epoch|total|max|num|len/i.test(logged);
  const step = isCount && (batches.index === null || log?.logger === "json") ? logged : null;
  const isNumbered = log?.logger === "json" || (step !== null && isKnown(text, step, loop.start, backward.start));
  const lines = recordLines(text, backward.start, log, { fields, step: isNumbered ? (step ?? index) : null });
  const record = lines === null ? null : insertLinesBefore(text, backward.statement, lines);
  if (record === null) return null;
  const samples = batches.identities.length > 0 ? " and its samples" : "";
  return { title: `Log the number of each batch${samples}`, edits: [...counted, record] };
}

/** `i` of `for i, (x, y) in progress:`, where `progress` counts already. */
function firstOfPair(text: string, { plain }: BatchLoopFact): string | null {
  const targets = plain === null ? "" : text.slice(plain.targets.start, plain.targets.end);
  return /^\(?(i|it|n|k|\w*(?:idx|index|step|iter(?:ation)?)|batch_(?:i|id|no|num))\s*,/.exec(targets)?.[1] ?? null;
}

/** `for batch_index, (x, y) in enumerate(loader):`. */
function counting(text: string, { plain }: BatchLoopFact): readonly TextEdit[] | null {
  if (plain === null || new RegExp(`\\b${added}\\b`).test(text)) return null;
  const { targets, iterable } = plain;
  const written = text.slice(targets.start, targets.end);
  const isTuple = /^[^([]*,/.test(written);
  return [
    { start: targets.start, end: targets.start, newText: `${added}, ${isTuple ? "(" : ""}` },
    ...(isTuple ? [{ start: targets.end, end: targets.end, newText: ")" }] : []),
    { start: iterable.start, end: iterable.start, newText: "enumerate(" },
    { start: iterable.end, end: iterable.end, newText: ")" },
  ];
}

function isKnown(text: string, step: string, loopStart: number, before: number): boolean {
  return (
    /^[\w.]+$/.test(step) &&
    new RegExp(`\\b${step.replaceAll(".", "\\.")}\\b`).test(text.slice(0, before)) &&
    loopStart < before
  );
}

/** `batch["image_id"]` as `image_id`. */
function nameOf(identity: string): string {
  return /\[["'](\w+)["']\]$/.exec(identity)?.[1] ?? identity;
}
