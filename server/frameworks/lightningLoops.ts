import type { AnomalyDetectionFact } from "../facts/anomalyDetectionFacts.ts";
import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import type { IneffectiveClipFact } from "../facts/ineffectiveClipFacts.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { TrainerFact, TrainerSettingName } from "../facts/trainerFacts.ts";
import type { OptimizerArgument, PrecisionFact, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { anomalyDetectionOf } from "./anomalyDetection.ts";
import { trainerEpochs } from "./fitEpochs.ts";
import { settingTooHigh } from "./ineffectiveClips.ts";
import { configuredOptimizers, manualOptimization } from "./lightningModules.ts";
import { type LightningTrainer, lightningTrainers } from "./lightningTrainers.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import { trainerLoop } from "./trainerLoop.ts";

/** What a file says through Lightning's Trainer; the optimizers are those that torch's collector has found. */
export interface LightningFacts {
  readonly trainers: readonly TrainerFact[];
  readonly loops: readonly TrainingLoopFact[];
  readonly precision: readonly PrecisionFact[];
  readonly ineffectiveClips: readonly IneffectiveClipFact[];
  readonly epochLoops: readonly EpochLoopFact[];
  readonly anomalyDetections: readonly AnomalyDetectionFact[];
}

/** Clipping by other ways than the Trainer's argument: hooks, callbacks, calls. */
const clipsInCode = /clip_grad|clip_gradients|configure_gradient_clipping|Grad(ient)?s?_?Clip|\bagc\b/i;

export function collectLightning(source: SourceIndex, optimizers: readonly OptimizerSite[]): LightningFacts {
  const trainers = lightningTrainers(source);
  const clips = clipsInCode.test(source.text.replaceAll(/gradient_clip_(val|algorithm)/g, ""));
  return {
    trainers: trainers.map(({ fact }) => fact),
    loops: clips ? [] : trainers.flatMap((trainer) => unclippedLoop(trainer, source, optimizers)),
    epochLoops: trainers.flatMap(({ fact, fits, fitsOthers }) => {
      const stepped = [...new Set(fits.flatMap((module) => configuredOptimizers(module, optimizers)))];
      const isManual = fits.some((module) => manualOptimization(module, source) !== null);
      return trainerEpochs(fact, stepped, fitsOthers || isManual || isTrial(fact, source));
    }),
    precision: trainers.flatMap(({ fact }) => precisionOf(fact.settings.precision)),
    anomalyDetections: trainers.flatMap(({ fact, site }) => anomalyDetectionOf(fact, site, source)),
    ineffectiveClips: trainers.flatMap((trainer) => [
      ...settingTooHigh(trainer.fact, trainer.fact.settings.clipNorm),
      ...refusedClips(trainer, source, optimizers),
    ]),
  };
}

function unclippedLoop(
  { site, fact, fits, fitsOthers }: LightningTrainer,
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
): readonly TrainingLoopFact[] {
  const setting = fact.settings.clipNorm;
  if (setting === undefined || fitsOthers || !isOff(setting) || isTrial(fact, source)) return [];
  const automatic = fits.filter((module) => manualOptimization(module, source) === null);
  const stepped = [...new Set(automatic.flatMap((module) => configuredOptimizers(module, optimizers)))];
  if (stepped.length === 0) return [];
  const marked = setting.range ?? site.call.callee;
  return [trainerLoop("lightning", site, marked, stepped)];
}

/** No clipping for certain: None and 0 mean so (lightning 2.6 plugins/precision/precision.py, `clip_gradients`). */
function isOff({ resolved }: OptimizerArgument<TrainerSettingName>): boolean {
  if (!resolved.known) return false;
  return [resolved.value, ...resolved.alternatives].every(
    (value) => value === null || (typeof value === "number" && value <= 0),
  );
}

/** A Trainer for a test of the code runs a few batches. */
function isTrial({ start, end }: TrainerFact, { text }: SourceIndex): boolean {
  return /fast_dev_run\s*=\s*(?!False)|barebones\s*=\s*True|overfit_batches|strategy\s*=.*deepspeed/.test(
    text.slice(start, end),
  );
}

/** A clip value above zero that Lightning answers with an error. */
function refusedClips(
  { fact, fits }: LightningTrainer,
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
): readonly IneffectiveClipFact[] {
  const setting = fact.settings.clipNorm;
  if (setting === undefined || setting.range === null || !isAboveZero(setting)) return [];
  const { start, end } = setting.range;
  const place = { start, end, framework: "lightning", name: setting.keyword, threshold: null } as const;
  for (const module of fits) {
    const manual = manualOptimization(module, source);
    if (manual !== null && manual !== "unclear") {
      const because = { ...manual, text: "automatic_optimization = False" };
      return [{ ...place, cause: "manual-optimization", because }];
    }
    const fused = manual === null && usesScaler(fact.settings.precision) ? fusedAmong(module, optimizers) : null;
    if (fused !== null) return [{ ...place, cause: "fused-optimizer", because: { ...fused, text: "fused=True" } }];
  }
  return [];
}

function isAboveZero({ resolved }: OptimizerArgument<TrainerSettingName>): boolean {
  return (
    resolved.known && [resolved.value, ...resolved.alternatives].every((each) => typeof each === "number" && each > 0)
  );
}

function fusedAmong(module: LightningTrainer["fits"][number], optimizers: readonly OptimizerSite[]) {
  for (const index of configuredOptimizers(module, optimizers)) {
    const fused = optimizers[index]?.fact.arguments.fused;
    if (fused?.range == null || !fused.resolved.known || fused.resolved.alternatives.length > 0) continue;
    if (fused.resolved.value === true) return { start: fused.range.start, end: fused.range.end };
  }
  return null;
}

function usesScaler(setting: OptimizerArgument<TrainerSettingName> | undefined): boolean {
  const resolved = setting?.resolved;
  return (
    resolved?.known === true && resolved.alternatives.length === 0 && /^(16|16-mixed)$/.test(String(resolved.value))
  );
}

/**
 * `16`, `"16-mixed"` and `"bf16-mixed"` are autocast; `"16-true"` and `"bf16-true"` convert the parameters (lightning 2.6
 * plugins/precision/{amp,half}.py).
 */
function precisionOf(setting: OptimizerArgument<TrainerSettingName> | undefined): readonly PrecisionFact[] {
  if (setting === undefined || setting.range === null || !setting.resolved.known) return [];
  const { resolved, range } = setting;
  const [value, ...others] = [resolved.value, ...resolved.alternatives].map(String);
  const half = [value, ...others].find((each) => each !== undefined && isHalf(each));
  if (value === undefined || half === undefined) return [];
  return [
    {
      start: range.start,
      end: range.end,
      framework: "pytorch",
      scope: half.endsWith("-true") ? "parameters" : "autocast",
      type: half.startsWith("bf16") ? "bfloat16" : "float16",
      shownBy: `precision=${/^\d+$/.test(half) ? half : `"${half}"`}`,
      enabled: { ...resolved, value: isHalf(value), alternatives: others.map(isHalf) },
    },
  ];
}

function isHalf(value: string): boolean {
  return /^(bf)?16(-mixed|-true)?$/.test(value);
}
