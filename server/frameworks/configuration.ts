import { dictionariesIn, entryOf, literalOf } from "../facts/configurationEntries.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { DictionaryLiteral } from "../syntax/tree.ts";
import { clipGradientNorm, setWrittenArgument } from "./deepSpeedFixes.ts";
import type { FixContext, FixDraft, Framework } from "./framework.ts";
import { torchOptimizers } from "./pytorchDefaults.ts";
import { dictionaryLoop } from "./trainerLoop.ts";
import { writtenArguments } from "./writtenArguments.ts";

/** Configurations that name torch's classes: Hydra's `_target_`, and `class_path` with `init_args` of LightningCLI. */
export const configuration: Framework = {
  name: "configuration",
  title: "a configuration file",
  language: "configuration",
  mentions: ["torch.optim."],
  collect(source) {
    const scope = source.moduleScope;
    const all = source.module.body.flatMap((statement) =>
      statement.kind === "expression" ? dictionariesIn(statement.expression) : [],
    );
    const optimizers = all.flatMap(({ dictionary }) => optimizerOf(dictionary, scope));
    if (optimizers.length === 0) return null;
    const trainers = all.filter(({ path }) => path.at(-1) === "trainer");
    const [trainer, ...others] = trainers;
    const loops =
      trainer === undefined || others.length > 0 ? [] : unclippedLoop(trainer.dictionary, optimizers, source);
    return { optimizers, loops };
  },
  fixes: { clipGradientNorm, decoupleWeightDecay, setOptimizerArgument: setWrittenArgument },
};

function optimizerOf(dictionary: DictionaryLiteral, scope: Scope): readonly OptimizerFact[] {
  const target = entryOf(dictionary, "_target_") ?? entryOf(dictionary, "class_path");
  const name = /^torch\.optim\.(?:\w+\.)?([A-Z]\w*)$/.exec(String(literalOf(target?.value)))?.[1];
  const signature = name === undefined || !Object.hasOwn(torchOptimizers, name) ? undefined : torchOptimizers[name];
  if (target === null || name === undefined || signature === undefined) return [];
  const isHydra = target.key.kind === "string" && target.key.value === "_target_";
  const given = isHydra ? dictionary : entryOf(dictionary, "init_args")?.value;
  if (given !== undefined && given.kind !== "dictionary") return [];
  // A merged mapping may hold the arguments.
  if (given?.entries.some(({ key }) => key === null) === true) return [];
  const { start, end } = target.value;
  return [
    {
      start: dictionary.start,
      end: dictionary.end,
      framework: "configuration",
      constructorName: name,
      algorithm: signature.algorithm,
      adaptive: signature.adaptive,
      adamFamily: signature.adamFamily,
      nameRange: { start, end },
      boundTo: null,
      parametersText: null,
      hasParameterGroups: false,
      arguments: writtenArguments(given ?? null, target.value, signature.parameters, scope),
      libraryVersion: null,
    },
  ];
}

/** A Trainer's `gradient_clip_val` that says in so many words that nothing is clipped, beside the optimizer that steps. */
function unclippedLoop(
  trainer: DictionaryLiteral,
  optimizers: readonly OptimizerFact[],
  { text }: SourceIndex,
): readonly TrainingLoopFact[] {
  const entry = entryOf(trainer, "gradient_clip_val");
  const value = literalOf(entry?.value);
  if (
    entry === null ||
    (value !== null && value !== 0) ||
    /clip/i.test(text.replaceAll(/gradient_clip_(val|algorithm)/g, ""))
  )
    return [];
  return [
    dictionaryLoop(
      "configuration",
      trainer,
      entry.range,
      optimizers.map((_, index) => index),
    ),
  ];
}

/** AdamW in the place of Adam. */
function decoupleWeightDecay({ text }: FixContext, { algorithm, nameRange }: OptimizerFact): FixDraft | null {
  const written = text.slice(nameRange.start, nameRange.end);
  const at = /\bAdam(?=["']?$)/.exec(written)?.index;
  if (algorithm !== "adam" || at === undefined || /optim\.adam\./.test(written)) return null;
  const start = nameRange.start + at;
  return { title: "Use AdamW, which decouples the weight decay", edits: [{ start, end: start + 4, newText: "AdamW" }] };
}
