import type { DeepSpeedKeyFact } from "../facts/deepSpeedFacts.ts";
import type { OptimizerFact, TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { FixContext, FixDraft, FrameworkFixes } from "./framework.ts";
import { literalBehind } from "./literalBehind.ts";

/** Fixes of a DeepSpeed configuration, in JSON or as a Python dictionary. */
export const deepSpeedFixes: Partial<FrameworkFixes> = {
  clipGradientNorm,
  decoupleWeightDecay,
  setOptimizerArgument: setWrittenArgument,
  correctDeepSpeedKey,
};

/** The number of an entry that is written out. */
export function clipGradientNorm(
  { text }: FixContext,
  _loop: TrainingLoopFact,
  step: TrainingEvent,
  maximumNorm: number,
): FixDraft | null {
  const entry = text.slice(step.start, step.end);
  const parts = /^(["']?[\w.]+["']?\s*:\s*)([-+\d.eE]+|null|None|~)$/.exec(entry);
  const key = parts?.[1];
  if (key === undefined) return null;
  const written = maximumNorm.toFixed(1);
  const title = `Set ${key.replace(/["'\s:]/g, "")} to ${written}`;
  return { title, edits: [{ start: step.start + key.length, end: step.end, newText: written }] };
}

/** `adam_w_mode` switched on again. */
function decoupleWeightDecay({ text }: FixContext, { start, end }: OptimizerFact): FixDraft | null {
  const found = /["']adam_w_mode["']\s*:\s*(false|False)\b/.exec(text.slice(start, end));
  const value = found?.[1];
  if (found === null || value === undefined) return null;
  const at = start + found.index + found[0].length - value.length;
  const newText = value === "False" ? "True" : "true";
  return {
    title: "Decouple the weight decay with adam_w_mode",
    edits: [{ start: at, end: at + value.length, newText }],
  };
}

/** A number that is written out; nothing is added to a configuration. */
export function setWrittenArgument(
  context: FixContext,
  optimizer: OptimizerFact,
  name: "eps" | "learningRate",
  literal: string,
): FixDraft | null {
  const argument = optimizer.arguments[name];
  const range = argument?.given === true ? literalBehind(context, argument) : null;
  if (argument === undefined || range === null) return null;
  return { title: `Set ${argument.keyword} to ${literal}`, edits: [{ ...range, newText: literal }] };
}

/** The right spelling where the key is not there yet. */
function correctDeepSpeedKey({ text }: FixContext, key: DeepSpeedKeyFact): FixDraft | null {
  if (key.fault !== "clip-misspelled" || key.other !== null) return null;
  const quote = text[key.start];
  if (quote !== '"' && quote !== "'") return null;
  const newText = `${quote}gradient_clipping${quote}`;
  return { title: "Spell it gradient_clipping", edits: [{ start: key.start, end: key.end, newText }] };
}
