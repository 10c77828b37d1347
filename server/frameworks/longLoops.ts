import { callSitesOf } from "../facts/calledFunctions.ts";
import { functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Loop, Statement } from "../syntax/tree.ts";
import { walkStatements } from "../syntax/walk.ts";
import type { TextRange } from "../text/range.ts";
import { isEpochHeader, rangeLength, type TrainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** A loop that runs long enough for something to go wrong unseen. */
export interface LongLoop {
  readonly header: TextRange;
  readonly counts: "epochs" | "steps";
  /** Null for `while True`. */
  readonly length: number | null;
}

/** He et al. 2016 and Goyal et al. 2017 lower the rate for the first time after 30 of 90 epochs. */
export const longEpochs = 30;
/** Vaswani et al. 2017 warm up for 4,000 steps: a run of ten thousand goes well beyond a start. */
const longSteps = 10_000;

/** The loop around a training step that makes the run long: over epochs, over all steps, or without an end. */
export function longLoopOf(draft: LoopDraft, levels: TrainingLevels, source: SourceIndex): LongLoop | null {
  if (draft.loop === null) {
    const callable = functionAround(draft.scope);
    const sites = callable === null ? [] : callSitesOf(callable);
    for (const { loop, scope } of sites) {
      const found = loop === null ? null : longAmong(loop, scope, null, source);
      if (found !== null) return found;
    }
    return null;
  }
  return longAmong(draft.loop, draft.scope, levels.epochLoopOf(draft), source);
}

function longAmong(
  loop: Loop,
  scope: Scope,
  around: { readonly loop: Loop; readonly scope: Scope } | null,
  source: SourceIndex,
): LongLoop | null {
  const outer = around === null ? null : asLong(around.loop, around.scope, source, true);
  return outer ?? asLong(loop, scope, source, false);
}

/** A loop that steps once a turn counts steps, whatever its turns are called. */
function asLong(loop: Loop, scope: Scope, source: SourceIndex, isAround: boolean): LongLoop | null {
  const header = { start: loop.header.start, end: loop.header.end };
  const text = source.text.slice(header.start, header.end);
  if (/^while\s*\(?\s*(True|1)\s*\)?\s*:?$/.test(text)) return { header, counts: "steps", length: null };
  const length = rangeLength(loop, scope);
  if (length === null) return null;
  const counts = isAround && isEpochHeader(text) ? "epochs" : "steps";
  return length >= (counts === "epochs" ? longEpochs : longSteps) ? { header, counts, length } : null;
}

/** The outermost loop around a place, in its own function. */
export function outermostLoop(loop: Loop, scope: Scope, source: SourceIndex): TextRange {
  const body: readonly Statement[] = functionAround(scope)?.definition.body ?? source.module.body;
  let found: Loop | null = null;
  walkStatements(body, (statement) => {
    if (statement.kind === "function" || statement.kind === "class") return "skip";
    if (statement.kind === "loop" && found === null && statement.start <= loop.start && loop.end <= statement.end) {
      found = statement;
    }
    return undefined;
  });
  const { start, end } = found ?? loop;
  return { start, end };
}
