import type { IneffectiveClipFact } from "../facts/ineffectiveClipFacts.ts";
import type { TrainerFact, TrainerSettingName } from "../facts/trainerFacts.ts";
import type { OptimizerArgument } from "../facts/trainingFacts.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { literalBehind } from "./literalBehind.ts";

/**
 * Three orders of magnitude above the 1.0 that transformers' Trainer and GPT-3 clip at (Brown et al. 2020, appendix B): the norm
 * of a healthy net stays below, and an outlier passes.
 */
export const uselessThreshold = 1e3;

/** A trainer's clip setting that is so high that it limits nothing. */
export function settingTooHigh(
  { framework }: TrainerFact,
  setting: OptimizerArgument<TrainerSettingName> | undefined,
): readonly IneffectiveClipFact[] {
  if (setting === undefined || setting.range === null || !setting.resolved.known) return [];
  const { value, alternatives } = setting.resolved;
  if (![value, ...alternatives].every((each) => typeof each === "number" && each >= uselessThreshold)) return [];
  const { start, end } = setting.range;
  const place = { start, end, framework, name: setting.keyword, because: null };
  return [{ ...place, cause: "threshold-too-high", threshold: setting.resolved }];
}

/** The threshold where it is written as a number. */
export function replaceThreshold(
  context: FixContext,
  { threshold, name }: IneffectiveClipFact,
  maximumNorm: number,
): FixDraft | null {
  if (threshold === null) return null;
  const range = literalBehind(context, { resolved: threshold });
  const written = maximumNorm.toFixed(1);
  return range === null ? null : { title: `Clip at ${written} with ${name}`, edits: [{ ...range, newText: written }] };
}
