import { entryOf, literalOf, valueAt } from "../facts/configurationEntries.ts";
import type { IneffectiveClipFact } from "../facts/ineffectiveClipFacts.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { DictionaryLiteral } from "../syntax/tree.ts";
import { walkExpressions } from "../syntax/walk.ts";
import { deepSpeedFixes } from "./deepSpeedFixes.ts";
import { deepSpeedKeys } from "./deepSpeedKeys.ts";
import type { Framework, FrameworkFacts } from "./framework.ts";
import { torchOptimizers } from "./pytorchDefaults.ts";
import { dictionaryLoop } from "./trainerLoop.ts";
import { written, writtenArguments } from "./writtenArguments.ts";

const mentions = ["zero_optimization", "train_micro_batch_size_per_gpu", "train_batch_size"] as const;

/** DeepSpeed's configuration as a file of its own. */
export const deepSpeed: Framework = {
  name: "deepspeed",
  title: "DeepSpeed",
  language: "configuration",
  mentions,
  collect: collectDeepSpeed,
  fixes: deepSpeedFixes,
};

/** The same as a dictionary in a script. */
export const deepSpeedInPython: Framework = {
  ...deepSpeed,
  language: "python",
  mentions: ["zero_optimization", "train_micro_batch_size_per_gpu"],
};

function collectDeepSpeed(source: SourceIndex): FrameworkFacts | null {
  const found = configurationsIn(source);
  if (found.length === 0) return null;
  const optimizers: OptimizerFact[] = [];
  const loops: TrainingLoopFact[] = [];
  const ineffectiveClips: IneffectiveClipFact[] = [];
  for (const { dictionary, scope } of found) {
    const optimizer = optimizerOf(dictionary, scope);
    if (optimizer !== null) {
      optimizers.push(optimizer);
      loops.push(...unclippedLoop(dictionary, scope, optimizers.length - 1));
    }
    ineffectiveClips.push(...refusedClip(dictionary));
  }
  return {
    optimizers,
    loops,
    ineffectiveClips,
    deepSpeedKeys: found.flatMap(({ dictionary }) => deepSpeedKeys(dictionary)),
  };
}

interface Configuration {
  readonly dictionary: DictionaryLiteral;
  readonly scope: Scope;
}

/** Dictionaries with keys that nothing but DeepSpeed has. */
function configurationsIn(source: SourceIndex): readonly Configuration[] {
  const scope = source.moduleScope;
  const found: Configuration[] = [];
  walkExpressions(source.module.body, (expression) => {
    if (expression.kind !== "dictionary" || !isConfiguration(expression)) return undefined;
    found.push({ dictionary: expression, scope });
    return "skip";
  });
  return found;
}

function isConfiguration(dictionary: DictionaryLiteral): boolean {
  const has = (key: string) => entryOf(dictionary, key) !== null;
  if (has("zero_optimization") || has("train_micro_batch_size_per_gpu")) return true;
  return has("train_batch_size") && (has("fp16") || has("bf16") || has("gradient_clipping")) && has("optimizer");
}

const addedToSignature = { adam: "Adam", adamw: "AdamW" } as const;

/**
 * Adam and AdamW, which DeepSpeed both builds as AdamW unless Adam gets `adam_w_mode: false` (runtime/engine.py,
 * `_configure_basic_optimizer`). Other types are left out.
 */
function optimizerOf(dictionary: DictionaryLiteral, scope: Scope): OptimizerFact | null {
  const optimizer = entryOf(dictionary, "optimizer")?.value;
  const type = entryOf(optimizer, "type");
  const name = String(literalOf(type?.value)).toLowerCase();
  if (optimizer?.kind !== "dictionary" || type === null || (name !== "adam" && name !== "adamw")) return null;
  const params = entryOf(optimizer, "params")?.value;
  if (params !== undefined && params.kind !== "dictionary") return null;
  const isL2 = name === "adam" && literalOf(valueAt(optimizer, "params", "adam_w_mode")) === false;
  const signature = torchOptimizers[addedToSignature[name]];
  if (signature === undefined) return null;
  const { start, end } = type.value;
  return {
    start: optimizer.start,
    end: optimizer.end,
    framework: "deepspeed",
    constructorName: addedToSignature[name],
    algorithm: isL2 ? "adam" : "adamw",
    adaptive: true,
    adamFamily: true,
    nameRange: { start, end },
    boundTo: null,
    parametersText: null,
    hasParameterGroups: false,
    arguments: writtenArguments(
      params ?? null,
      type.value,
      signature.parameters.filter(({ keyword }) => keyword !== "fused" && keyword !== "decoupled_weight_decay"),
      scope,
    ),
    libraryVersion: null,
  };
}

/** Clipping is off for certain at 0; unset, it goes by DeepSpeed's version (1.0 in newer ones). */
function unclippedLoop(dictionary: DictionaryLiteral, scope: Scope, index: number): readonly TrainingLoopFact[] {
  const entry = entryOf(dictionary, "gradient_clipping");
  if (entry === null) return [];
  const resolved = written(entry.value, scope);
  if (!resolved.known || resolved.value !== 0 || resolved.alternatives.length > 0) return [];
  return [dictionaryLoop("deepspeed", dictionary, entry.range, [index])];
}

function refusedClip(dictionary: DictionaryLiteral): readonly IneffectiveClipFact[] {
  const params = valueAt(dictionary, "optimizer", "params");
  const entry = entryOf(params, "max_grad_norm");
  if (entry === null) return [];
  const { start, end } = entry.range;
  const cause = "deepspeed-optimizer-parameter" as const;
  return [{ start, end, framework: "deepspeed", cause, name: "max_grad_norm", threshold: null, because: null }];
}
