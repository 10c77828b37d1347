import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import type { SchedulerFact, SchedulerStepFact } from "../facts/schedulerFacts.ts";
import type { OptimizerFact } from "../facts/trainingFacts.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { scheduleInModule } from "./lightningScheduleFixes.ts";
import { torchName, torchNames } from "./pytorchImports.ts";
import { insertLineAfter, insertLinesAfter, lineStart, quoteOf } from "./sourceLines.ts";
import { moveAfter } from "./statementMove.ts";

/** A scheduler's step on its own line, moved right behind a statement. */
export function moveSchedulerStep({ text }: FixContext, step: SchedulerStepFact, behind: TextRange): FixDraft | null {
  if (step.statement.start !== step.start || step.statement.end !== step.end) return null;
  const isWithin = behind.start <= step.start && step.end <= behind.end;
  const edits = isWithin ? liftBehind(text, step.statement, behind) : moveAfter(text, step.statement, behind);
  if (edits === null) return null;
  return { title: `Move ${text.slice(step.start, step.end)} behind ${firstLine(text, behind)}`, edits };
}

/** Out of a loop and right behind it; null for the only statement of a block. */
function liftBehind(text: string, statement: TextRange, loop: TextRange): readonly TextEdit[] | null {
  const edits = moveAfter(text, statement, loop);
  if (edits !== null && statement.end < loop.end) return edits;
  // The last statement of the loop: its line goes, and comes back at the loop's own indentation.
  const column = loop.start - lineStart(text, loop.start);
  const indentation = text.slice(loop.start - column, loop.start);
  if (!/^[ \t]*$/.test(indentation)) return null;
  const start = lineStart(text, statement.start);
  return /^[ \t]+$/.test(text.slice(start, statement.start))
    ? [{ start, end: statement.start, newText: indentation }]
    : null;
}

function firstLine(text: string, { start, end }: TextRange): string {
  return (text.slice(start, end).split("\n")[0] ?? "").replace(/:\s*(#.*)?$/, "").trim();
}

/** `scheduler.step()` with the validation loss of its epoch, which is set before it. */
export function stepOnMetric({ text, facts }: FixContext, step: SchedulerStepFact): FixDraft | null {
  const around = facts.epochLoops.find(({ start, end }) => start <= step.start && step.end <= end);
  const loss = around?.validationLoss ?? null;
  if (loss === null || loss.statement.end > step.start || text[step.end - 1] !== ")") return null;
  return { title: `Step on ${loss.name}`, edits: [{ start: step.end - 1, end: step.end - 1, newText: loss.name }] };
}

/** The missing step: once an epoch or once a batch, as the schedule counts. */
export function stepScheduler({ text, facts }: FixContext, scheduler: SchedulerFact): FixDraft | null {
  const { boundTo, statement } = scheduler;
  if (boundTo === null) return null;
  const isOwn = ({ optimizers }: { readonly optimizers: readonly number[] }) =>
    optimizers.some((index) => scheduler.optimizers.includes(index));
  const epochs = facts.epochLoops.find(
    (loop) => isOwn(loop) && loop.start > statement.end && isReachable(text, statement, loop),
  );
  if (epochs === undefined) return null;
  if (scheduler.unit === "batch") {
    const loop = facts.loops.find((each) => isOwn(each) && epochs.start <= each.start && each.end <= epochs.end);
    const last = loop?.events.findLast(({ kind }) => /^(optimizer|scaler)-step$|^scaler-update$/.test(kind));
    if (last === undefined || last.inlined || last.conditional) return null;
    const insertion = insertLineAfter(text, last.statement, `${boundTo}.step()`);
    return insertion === null
      ? null
      : { title: `Call ${boundTo}.step() after every step of the optimizer`, edits: [insertion] };
  }
  if (epochs.counts !== "epochs") return null;
  const loss = epochs.validationLoss;
  if (scheduler.needsMetric && loss === null) return null;
  const behind = scheduler.needsMetric && loss !== null ? loss.statement : epochs.training;
  const call = `${boundTo}.step(${scheduler.needsMetric && loss !== null ? loss.name : ""})`;
  const insertion = insertLineAfter(text, behind, call);
  return insertion === null ? null : { title: `Call ${call} once an epoch`, edits: [insertion] };
}

/** `ReduceLROnPlateau` on the validation loss where the epoch has one, else a cosine over its epochs. */
export function scheduleRate(context: FixContext, optimizer: OptimizerFact, epochs: EpochLoopFact): FixDraft | null {
  if (epochs.framework === "lightning") return scheduleInModule(context, optimizer);
  const { text } = context;
  const statement = scheduledStatement(text, optimizer, epochs);
  if (statement === null) return null;
  const loss = epochs.validationLoss;
  const name = loss === null ? "CosineAnnealingLR" : "ReduceLROnPlateau";
  const made = torchName(context, "torch.optim.lr_scheduler", name);
  if (made === null) return null;
  const quote = quoteOf(text);
  const length = lengthBefore(text, statement, epochs);
  const cosine = length === null ? null : `T_max=${length}`;
  const settings = loss === null ? cosine : `mode=${quote}min${quote}, factor=0.5, patience=3`;
  if (settings === null) return null;
  const creation = insertLineAfter(text, statement, `scheduler = ${made.name}(${optimizer.boundTo}, ${settings})`);
  const step = insertLineAfter(text, loss?.statement ?? epochs.training, `scheduler.step(${loss?.name ?? ""})`);
  if (creation === null || step === null) return null;
  const title =
    loss === null
      ? "Lower the learning rate along a cosine over the epochs"
      : `Halve the learning rate when ${loss.name} has not fallen for 3 epochs`;
  return { title, edits: [...made.edits, creation, step] };
}

/** `LinearLR` over the first epochs and a cosine over the rest, in a `SequentialLR`. */
export function warmUpRate(context: FixContext, optimizer: OptimizerFact, epochs: EpochLoopFact): FixDraft | null {
  const { text } = context;
  const statement = scheduledStatement(text, optimizer, epochs);
  const length = statement === null ? null : lengthBefore(text, statement, epochs);
  if (statement === null || length === null || epochs.length === null || epochs.length < 10) return null;
  if (/(?<![\w.])(warmup|cosine)\b/.test(text)) return null;
  const made = torchNames(context, "torch.optim.lr_scheduler", ["SequentialLR", "LinearLR", "CosineAnnealingLR"]);
  if (made === null) return null;
  const [sequence, linear, cosine] = made.names;
  const { boundTo } = optimizer;
  const warmUp = warmUpEpochs(epochs.length);
  const rest = /^\d+$/.test(length) ? String(Number(length) - warmUp) : `${length} - ${warmUp}`;
  const creation = insertLinesAfter(text, statement, [
    `warmup = ${linear}(${boundTo}, start_factor=0.1, total_iters=${warmUp})`,
    `cosine = ${cosine}(${boundTo}, T_max=${rest})`,
    `scheduler = ${sequence}(${boundTo}, [warmup, cosine], milestones=[${warmUp}])`,
  ]);
  const step = insertLineAfter(text, epochs.training, "scheduler.step()");
  if (creation === null || step === null) return null;
  const title = `Raise the learning rate over ${epochsText(warmUp)}, then lower it along a cosine`;
  return { title, edits: [...made.edits, creation, step] };
}

/** A `LinearLR` before the scheduler, in a `SequentialLR` that takes its name. */
export function warmUpSchedule(context: FixContext, scheduler: SchedulerFact): FixDraft | null {
  const { text, facts } = context;
  const { boundTo, statement, steps } = scheduler;
  const [level, ...others] = new Set(steps.map((step) => step.level));
  const takesMore = scheduler.needsMetric || steps.some(({ hasArgument }) => hasArgument);
  if (boundTo === null || !scheduler.usesKnown || takesMore || others.length > 0) return null;
  if (level === undefined || level === "unknown") return null;
  const optimizer = /^[\w.]+\(\s*(?:optimizer\s*=\s*)?([\w.]+)\s*,/.exec(
    text.slice(scheduler.start, scheduler.end),
  )?.[1];
  const isAlone = text.slice(statement.start, scheduler.start).trim() === `${boundTo} =`;
  const made = torchNames(context, "torch.optim.lr_scheduler", ["SequentialLR", "LinearLR"]);
  if (optimizer === undefined || !isAlone || statement.end !== scheduler.end || made === null) return null;
  const [sequence, linear] = made.names;
  const epochs = facts.epochLoops.find(({ start, end }) =>
    steps.some((step) => start <= step.start && step.end <= end),
  );
  const length = level === "batch" ? 1000 : warmUpEpochs(epochs?.length ?? 50);
  const factor = level === "batch" ? 0.01 : 0.1;
  const insertion = insertLinesAfter(text, statement, [
    `warmup = ${linear}(${optimizer}, start_factor=${factor}, total_iters=${length})`,
    `${boundTo} = ${sequence}(${optimizer}, [warmup, ${boundTo}], milestones=[${length}])`,
  ]);
  const over = level === "batch" ? "the first 1000 steps" : epochsText(length);
  return insertion === null
    ? null
    : {
        title: `Raise the learning rate over ${over} before ${scheduler.constructorName}`,
        edits: [...made.edits, insertion],
      };
}

/** Goyal et al. 2017 (section 2.2) warm up over 5 of 90 epochs; shorter runs over a tenth. */
function warmUpEpochs(epochs: number): number {
  return Math.max(1, Math.min(5, Math.round(epochs / 10)));
}

function epochsText(count: number): string {
  return count === 1 ? "the first epoch" : `the first ${count} epochs`;
}

/** The statement that builds the optimizer, where a scheduler can follow it and the loop reaches both. */
function scheduledStatement(text: string, optimizer: OptimizerFact, epochs: EpochLoopFact): TextRange | null {
  const { boundTo } = optimizer;
  if (boundTo === null || epochs.counts !== "epochs" || /(?<![\w.])scheduler\b/.test(text)) return null;
  const before = text.slice(lineStart(text, optimizer.start), optimizer.start);
  if (before.trim() !== `${boundTo} =`) return null;
  const statement = { start: optimizer.start - before.trimStart().length, end: optimizer.end };
  return isReachable(text, statement, epochs) ? statement : null;
}

/** The loop's own length where it is a number, an option, or a name that is set before the optimizer. */
function lengthBefore(text: string, statement: TextRange, { lengthText }: EpochLoopFact): string | null {
  if (lengthText === null || !/^[\w.]+$/.test(lengthText)) return null;
  const root = lengthText.split(".")[0] ?? "";
  const isSet =
    /^\d/.test(root) ||
    new RegExp(`^[ \\t]*${root}\\b[^=\\n]*=[^=]|\\b${root}\\b\\s*[,:)]`, "m").test(text.slice(0, statement.start));
  return isSet ? lengthText : null;
}

/** Straight on in the same function: names of the one are names of the other. */
function isReachable(text: string, { end }: TextRange, { start }: TextRange): boolean {
  return end < start && !/^[ \t]*(async[ \t]+)?(def|class)[ \t]/m.test(text.slice(end, start));
}
