import type { SchedulerFact } from "../facts/schedulerFacts.ts";
import type { OptimizerFact, TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import { removeAnomalyDetection } from "./anomalyDetection.ts";
import { maskNorms } from "./decayedNormFixes.ts";
import type { FixContext, FixDraft, FrameworkFixes } from "./framework.ts";
import { leaveOutActivation } from "./lossInputFixes.ts";
import { setOptimizerArgument as setCallArgument } from "./pytorchOptimizerFixes.ts";
import { indentationOf, lineContentEnd, lineEndOf, lineStart } from "./sourceLines.ts";
import { clearTrainingFlag } from "./trainingFlags.ts";

/** optax clips by a transformation before the optimizer's own. */
export const optaxFixes: Partial<FrameworkFixes> = {
  clipGradientNorm,
  setOptimizerArgument,
  decoupleWeightDecay,
  turnOnAmsgrad,
  warmUpSchedule,
  removeAnomalyDetection,
  exemptNorms: maskNorms,
  guardStep: applyIfFinite,
  setEvaluationMode: clearTrainingFlag,
  correctLossInput: leaveOutActivation,
};

function clipGradientNorm(
  { text, facts }: FixContext,
  _loop: TrainingLoopFact,
  step: TrainingEvent,
  maximumNorm: number,
): FixDraft | null {
  const [index, ...others] = step.optimizers;
  const optimizer = index === undefined ? undefined : facts.optimizers[index];
  if (optimizer?.framework !== "optax" || others.length > 0) return null;
  const name = libraryName(text, optimizer);
  if (name === null) return null;
  const clip = `${name}.clip_by_global_norm(${maximumNorm.toFixed(1)})`;
  const title = `Clip the gradient norm to ${maximumNorm.toFixed(1)} with ${clip}`;
  const { start, end } = optimizer.composition ?? optimizer;
  const chain = text.slice(start, end).match(/^[\w.]*\bchain\(/)?.[0];
  if (chain === undefined) {
    return {
      title,
      edits: [
        { start, end: start, newText: `${name}.chain(${clip}, ` },
        { start: end, end, newText: ")" },
      ],
    };
  }
  const at = start + chain.length;
  const lineEnd = lineContentEnd(text, at);
  if (text.slice(at, lineEnd).trim() !== "") return { title, edits: [{ start: at, end: at, newText: `${clip}, ` }] };
  const next = text.slice(at).search(/\S/);
  if (next < 0 || indentationOf(text, at + next) === null) return null;
  const indentation = text.slice(lineStart(text, at + next), at + next);
  return { title, edits: [{ start: lineEnd, end: lineEnd, newText: `${lineEndOf(text)}${indentation}${clip},` }] };
}

/** `adamw` in the place of `adam`; its decay needs the parameters, which a bare `update(grads, state)` does not give. */
function decoupleWeightDecay({ text }: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const updates = [...text.matchAll(/\.update\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g)];
  if (updates.some(([, given]) => given?.split(",").length === 2 && !/param/.test(given))) return null;
  const edits = renameTransformation(text, optimizer, "adamw");
  return edits === null ? null : { title: "Use adamw, which decouples the weight decay", edits };
}

/** `amsgrad` takes the arguments of `adam`: optax `_src/alias.py`. */
function turnOnAmsgrad({ text }: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const edits = renameTransformation(text, optimizer, "amsgrad");
  return edits === null ? null : { title: "Turn AMSGrad on with amsgrad in the place of adam", edits };
}

function renameTransformation(text: string, optimizer: OptimizerFact, newText: string): readonly TextEdit[] | null {
  const { nameRange } = optimizer;
  const isAdam = text.slice(nameRange.start, nameRange.end) === "adam" && libraryName(text, optimizer) !== null;
  return isAdam ? [{ start: nameRange.start, end: nameRange.end, newText }] : null;
}

/** `warmup_cosine_decay_schedule` in the place of `cosine_decay_schedule`, up to the same rate: optax `schedules/_schedule.py`. */
function warmUpSchedule({ text }: FixContext, { start, end }: SchedulerFact): FixDraft | null {
  const parts =
    /^([\w.]+\.)cosine_decay_schedule\((?:init_value\s*=\s*)?([\w.-]+),\s*(?:decay_steps\s*=\s*)?([\w.]+)\)$/.exec(
      text.slice(start, end),
    );
  if (parts === null) return null;
  const [, library, rate, steps] = parts;
  const newText = `${library}warmup_cosine_decay_schedule(0.0, ${rate}, warmup_steps=1000, decay_steps=${steps})`;
  return { title: "Raise the learning rate over the first 1000 steps of the cosine", edits: [{ start, end, newText }] };
}

/** Steps on gradients that are not finite are left out, up to five in a row: optax `transforms/_conditionality.py`. */
function applyIfFinite({ text, facts }: FixContext, loop: TrainingLoopFact): FixDraft | null {
  const [index, ...others] = loop.optimizers;
  const optimizer = index === undefined ? undefined : facts.optimizers[index];
  const name = optimizer?.framework === "optax" ? libraryName(text, optimizer) : null;
  if (optimizer === undefined || name === null || others.length > 0) return null;
  const { start, end } = optimizer.composition ?? optimizer;
  return {
    title: `Leave out steps on gradients that are not finite with ${name}.apply_if_finite`,
    edits: [
      { start, end: start, newText: `${name}.apply_if_finite(` },
      { start: end, end, newText: ", max_consecutive_errors=5)" },
    ],
  };
}

function setOptimizerArgument(
  context: FixContext,
  optimizer: OptimizerFact,
  name: "eps" | "learningRate",
  literal: string,
): FixDraft | null {
  // A rate that is missing here is set by another part of the chain.
  if (name === "learningRate" && optimizer.arguments.learningRate?.given !== true) return null;
  return setCallArgument(context, optimizer, name, literal);
}

/** `optax` of `optax.adam`; null where the optimizer alone was imported. */
function libraryName(text: string, { start, nameRange }: OptimizerFact): string | null {
  const before = text.slice(0, nameRange.start).match(/([A-Za-z_]\w*)\.$/)?.[1];
  return before !== undefined && nameRange.start >= start ? before : null;
}
