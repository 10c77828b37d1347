import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { UnguardedLoopFact } from "../facts/unguardedLoopFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { normOf } from "./pytorchGradientNormFixes.ts";
import { torchName } from "./pytorchImports.ts";
import { indentOf, parametersText, steppedText } from "./pytorchStepFixes.ts";
import { definitionAround, indentationOf, insertLinesBefore, lineEndOf, wholeLines } from "./sourceLines.ts";

/** Gradients that are averaged over processes are the same in all of them; losses are not. */
const distributed = /DistributedDataParallel|\bDDP\b|FSDP|fully_shard|init_process_group|torchrun/;

/**
 * Steps only where the number that stands for this step is finite: the loss, or the gradient norm where a clip returns it, where
 * several micro-batches make one step, or where other processes have losses of their own. The backward pass still runs, so that
 * nothing else of the iteration changes: gradients are zeroed and schedules step as before.
 */
export function guardStep(context: FixContext, loop: TrainingLoopFact, fact: UnguardedLoopFact): FixDraft | null {
  const { text } = context;
  const steps = loop.events.filter(({ kind }) => kind === "optimizer-step");
  const check = torchName(context, "torch", "isfinite");
  const counter = insertLinesBefore(text, fact.outermost, ["skipped_steps = 0"]);
  if (check === null || counter === null || /\bskipped_steps\b/.test(text)) return null;
  const say = sayer(context, loop);
  const edits: TextEdit[] = [...check.edits, counter];
  let what = "";
  for (const step of steps) {
    const measured = measure(context, loop, step, steps.length > 1);
    const indentation = indentationOf(text, step.start);
    if (measured === null || indentation === null || !isAlone(text, step)) return null;
    if (definitionAround(text, step.start) !== definitionAround(text, fact.outermost.start)) return null;
    what = measured.what;
    const level = indentOf(text);
    const guarded = [
      `if ${check.name}(${measured.name}):`,
      `${level}${text.slice(step.start, step.end)}`,
      "else:",
      `${level}skipped_steps += 1`,
      `${level}${say}(f"step skipped: ${what} is {${measured.name}} ({skipped_steps} skipped)")`,
    ];
    const newText = guarded.join(`${lineEndOf(text)}${indentation}`);
    edits.push(...measured.before, { start: step.start, end: step.end, newText });
  }
  const [first] = steps;
  const stepText = first === undefined || steps.length > 1 ? "steps" : text.slice(first.start, first.end);
  return what === "" ? null : { title: `Skip ${stepText} where the ${what} is not finite`, edits };
}

function isAlone(text: string, { start, end, statement, depth }: TrainingEvent): boolean {
  return depth === 0 && statement.start === start && statement.end === end && wholeLines(text, statement) !== null;
}

interface Measured {
  readonly name: string;
  readonly what: "loss" | "gradient norm";
  readonly before: readonly TextEdit[];
}

/** The number that says whether a step's gradients are finite. */
function measure(
  context: FixContext,
  loop: TrainingLoopFact,
  step: TrainingEvent,
  isOneOfSeveral: boolean,
): Measured | null {
  const { text } = context;
  const stepped = steppedText(text, step);
  const { events } = loop;
  const since = events.slice(0, events.indexOf(step)).findLastIndex(({ kind }) => kind === "optimizer-step");
  const before = events.slice(since + 1, events.indexOf(step));
  const clips = events.filter(({ kind }) => kind === "clip");
  const [clip] = clips;
  if (stepped === null || clips.length > 1 || (clip !== undefined && isOneOfSeveral)) return null;
  if (clip !== undefined) return isNear(text, clip, step) ? fromClip(text, clip) : null;
  const [backward, ...more] = before.filter(({ kind }) => kind === "backward");
  if (backward === undefined || more.length > 0) return null;
  if (!loop.accumulates && !distributed.test(text)) {
    const loss = /^(\w+)\.backward\(/.exec(text.slice(backward.start, backward.end))?.[1];
    return loss === undefined || !isNear(text, backward, step) ? null : { name: loss, what: "loss", before: [] };
  }
  const stack = torchName(context, "torch", "stack");
  if (stack === null || isOneOfSeveral) return null;
  const line = `grad_norm = ${normOf(parametersText(context, loop, step, stepped.optimizer), stack.name, text)}`;
  const inserted = insertLinesBefore(text, step.statement, [line]);
  return inserted === null ? null : { name: "grad_norm", what: "gradient norm", before: [...stack.edits, inserted] };
}

/** `clip_grad_norm_` returns the norm before clipping (torch 2.13 nn/utils/clip_grad.py L185-231). */
function fromClip(text: string, clip: TrainingEvent): Measured | null {
  const written = text.slice(clip.statement.start, clip.statement.end);
  const parts = /^(?:(\w+)\s*=\s*)?[\w.]*\bclip_grad_norm_?\(/.exec(written);
  if (parts === null) return null;
  if (parts[1] !== undefined && parts[1] !== "_") return { name: parts[1], what: "gradient norm", before: [] };
  const edit = { start: clip.statement.start, end: clip.start, newText: "grad_norm = " };
  return { name: "grad_norm", what: "gradient norm", before: [edit] };
}

/** In the same block as the step, before it. */
function isNear(text: string, event: TrainingEvent, step: TrainingEvent): boolean {
  return (
    event.start < step.start &&
    definitionAround(text, event.start) === definitionAround(text, step.start) &&
    indentationOf(text, event.statement.start) === indentationOf(text, step.start)
  );
}

/** The logger that the loop speaks through. */
function sayer({ facts }: FixContext, loop: TrainingLoopFact): string {
  const logged = facts.lossLogs.find(({ loopStart, logger }) => loopStart === loop.start && logger === "logging");
  const receiver = /^([\w.]*log(?:ger|ging)?)\.(?:info|debug|warning)$/i.exec(logged?.callee ?? "")?.[1];
  return receiver === undefined ? "print" : `${receiver}.warning`;
}
