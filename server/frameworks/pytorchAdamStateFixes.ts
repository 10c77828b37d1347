import { isStep } from "../facts/eventKinds.ts";
import type { LossLogFact } from "../facts/lossLogFacts.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { torchName } from "./pytorchImports.ts";
import { recordLines } from "./pytorchLogRecords.ts";
import { indentOf, steppedText } from "./pytorchStepFixes.ts";
import {
  definitionAround,
  insertLinesAfter,
  insertLinesBefore,
  lineContentEnd,
  lineEndOf,
  lineStart,
  quoteOf,
} from "./sourceLines.ts";

/** Steps between two records where the log has no rhythm of its own. */
const every = 100;
const counter = "adam_steps";

/** A test on a count, such as `step % args.log_every == 0`. */
const rhythm = /^\(?([\w.]+)( ?[+-] ?\d+)?\)? ?% ?[\w.]+( ?== ?(0|[\w.]+ ?- ?1))?$/;

/**
 * A function that reads Adam's state, before the code that trains, and its call right behind the step: there the second moment
 * holds this step's gradients, which are not zeroed yet. Between the steps that are logged nothing is computed or waited for.
 */
export function logAdamState(context: FixContext, loop: TrainingLoopFact, log: LossLogFact | null): FixDraft | null {
  const { text } = context;
  const steps = loop.events.filter(isStep);
  const [step] = steps;
  const stepped = step === undefined ? null : steppedText(text, step);
  if (step === undefined || stepped === null) return null;
  if (steps.some((each) => steppedText(text, each)?.optimizer !== stepped.optimizer)) return null;
  if (loop.wrappedBy !== null && (loop.wrappedBy !== "Accelerate" || /accumulat/i.test(text))) return null;
  const when = rhythmOf(context, loop, step, log);
  const record = recordLines(text, step.start, log, {
    fields: [
      { name: "adam_rms", value: "adam_rms", kind: "number", format: ".4g" },
      { name: "update_ratio", value: "update_ratio", kind: "number", format: ".4g" },
    ],
    step: when?.count ?? null,
  });
  const stack = torchName(context, "torch", "stack");
  const noGrad = torchName(context, "torch", "no_grad");
  if (when === null || record === null || stack === null || noGrad === null) return null;
  const indent = indentOf(text);
  const written = insertLinesAfter(text, step.statement, [
    `if ${when.test}:`,
    ...[`adam_rms, update_ratio = adam_state(${stepped.optimizer})`, ...record].map((line) => `${indent}${line}`),
    ...when.behind,
  ]);
  const definition = insertFunction(text, step.start, adamState(stack.name, noGrad.name, indent, quoteOf(text)));
  if (written === null || definition === null) return null;
  return {
    title: "Log Adam's RMS and its largest update-to-weight ratio",
    edits: [...uniqueEdits([...stack.edits, ...noGrad.edits]), ...joined([definition, ...when.before]), written],
  };
}

interface Rhythm {
  readonly test: string;
  readonly count: string | null;
  readonly before: readonly TextEdit[];
  readonly behind: readonly string[];
}

/** The log's own rhythm, else every hundredth of a count that the loop has, else of one that is added. */
function rhythmOf(
  context: FixContext,
  loop: TrainingLoopFact,
  step: TrainingEvent,
  log: LossLogFact | null,
): Rhythm | null {
  const { text, facts } = context;
  const definition = definitionAround(text, step.start);
  const isPlain = (step.branches ?? []).length === 0 && !step.everyNth && (step.depth ?? 0) === 0;
  const isHere = loop.header.start === loop.start && definitionAround(text, loop.start) === definition;
  const near =
    log !== null && log.place === "iteration" && definitionAround(text, log.start) === definition ? log : null;
  const isKnown = (name: string) =>
    new RegExp(`(?<![\\w.])${(name.split(".")[0] ?? name).replaceAll(/\W/g, "\\$&")}\\b`).test(
      text.slice(Math.max(0, definition), step.start),
    );
  if (isPlain && near !== null && near.branches.length === 1) {
    const [branch] = near.branches;
    const counted = branch === undefined ? null : rhythm.exec(branch.test);
    const name = counted?.[1];
    // `not step % 100` is kept as its test, which is false then.
    if (branch !== undefined && name !== undefined && isKnown(name) && branch.taken === (counted?.[3] !== undefined)) {
      return { test: branch.taken ? branch.test : `not ${branch.test}`, count: name, before: [], behind: [] };
    }
  }
  const index = isHere ? (facts.batchLoops.find(({ loopStart }) => loopStart === loop.start)?.index ?? null) : null;
  const logged = near?.step ?? null;
  const count = isPlain ? (index ?? (logged !== null && isIteration(logged) && isKnown(logged) ? logged : null)) : null;
  if (count !== null) return { test: `${count} % ${every} == 0`, count, before: [], behind: [] };
  if (!isHere || new RegExp(`\\b${counter}\\b`).test(text)) return null;
  const around = facts.epochLoops.find(
    (epochs) =>
      epochs.start < loop.start && loop.end <= epochs.end && definitionAround(text, epochs.start) === definition,
  );
  const start = insertLinesBefore(text, around ?? loop, [`${counter} = 0`]);
  return start === null
    ? null
    : { test: `${counter} % ${every} == 0`, count: counter, before: [start], behind: [`${counter} += 1`] };
}

function isIteration(count: string): boolean {
  return /^[\w.]+$/.test(count) && !/epoch|total|max|num|len/i.test(count);
}

/**
 * Both numbers wait for the device once. The ratio is of weight matrices: biases begin at zero, where any update is large beside
 * them. Moments are corrected as Adam corrects them (torch 2.13 optim/adam.py L344-L547).
 */
function adamState(stack: string, noGrad: string, indent: string, quote: string): readonly string[] {
  const q = (name: string) => `${quote}${name}${quote}`;
  const lines = [
    [0, `@${noGrad}()`],
    [0, "def adam_state(optimizer):"],
    [1, `"""RMS_t = sqrt(mean(g^2 / max(v, eps^2))), and the largest update-to-weight ratio of a weight matrix.`],
    [0, ""],
    [1, "Near 1 while Adam's second moment keeps up with the gradients, above it when it has fallen behind"],
    [1, "(Wortsman et al. 2023, https://arxiv.org/abs/2304.13013). To be called right after optimizer.step()."],
    [1, '"""'],
    [1, "squares, ratios, count = [], [], 0"],
    [1, "for group in optimizer.param_groups:"],
    [2, `beta1, beta2 = group[${q("betas")}]`],
    [2, `for p in group[${q("params")}]:`],
    [3, "state = optimizer.state.get(p, {})"],
    [3, `if p.grad is None or ${q("exp_avg_sq")} not in state:`],
    [4, "continue"],
    [3, `m = state[${q("exp_avg")}].float() / (1 - beta1 ** state[${q("step")}])`],
    [
      3,
      `v = state.get(${q("max_exp_avg_sq")}, state[${q("exp_avg_sq")}]).float() / (1 - beta2 ** state[${q("step")}])`,
    ],
    [3, `squares.append((p.grad.float() ** 2 / v.clamp(min=group[${q("eps")}] ** 2)).sum())`],
    [3, "count += p.numel()"],
    [3, "if p.ndim > 1:"],
    [4, `update = group[${q("lr")}] * m / (v.sqrt() + group[${q("eps")}])`],
    [4, "ratios.append(update.norm() / p.float().norm())"],
    [1, "if not ratios:"],
    [2, `return float(${q("nan")}), float(${q("nan")})`],
    [1, `return ${stack}([(${stack}(squares).sum() / count).sqrt(), ${stack}(ratios).max()]).tolist()`],
  ] as const;
  return lines.map(([depth, line]) => (line === "" ? "" : `${indent.repeat(depth)}${line}`));
}

/** Inserts a function before the definition or the block of the module that holds an offset. */
function insertFunction(text: string, offset: number, lines: readonly string[]): TextEdit | null {
  const start = topLevelStart(text, offset);
  if (start === null) return null;
  const eol = lineEndOf(text);
  const gap =
    start === 0 || /\n\s*\n\s*\n$/.test(text.slice(0, start))
      ? ""
      : /\n\s*\n$/.test(text.slice(0, start))
        ? eol
        : eol + eol;
  return { start, end: start, newText: `${gap}${lines.join(eol)}${eol}${eol}${eol}` };
}

/** Start of the line where the definition or block at module level begins that holds an offset, with its decorators and comments. */
function topLevelStart(text: string, offset: number): number | null {
  let start = lineStart(text, offset);
  let line = lineAt(text, start);
  while (!/^[A-Za-z_@]/.test(line) || /^(else|elif|except|finally)\b/.test(line)) {
    if (start === 0) return null;
    start = lineStart(text, start - 1);
    line = lineAt(text, start);
  }
  if (!/^(async|def|class|for|while|if|with|try)\b/.test(line)) return null;
  while (start > 0) {
    const above = lineStart(text, start - 1);
    if (!/^[@#]/.test(lineAt(text, above))) break;
    start = above;
  }
  return start;
}

function lineAt(text: string, start: number): string {
  return text.slice(start, lineContentEnd(text, start));
}

/** Two insertions at one place as one, in their order. */
function joined(edits: readonly TextEdit[]): readonly TextEdit[] {
  const [first, second] = edits;
  return first === undefined || second === undefined || first.start !== second.start
    ? edits
    : [{ ...first, newText: first.newText + second.newText }];
}

function uniqueEdits(edits: readonly TextEdit[]): readonly TextEdit[] {
  return edits.filter((edit, index) => edits.findIndex(({ newText }) => newText === edit.newText) === index);
}
