import { calledAnywhere, callSitesOf } from "../facts/calledFunctions.ts";
import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import { type CallSite, functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { FrameworkName, ModelTraitFact } from "../facts/trainingFacts.ts";
import type { UnvalidatedTrainingFact } from "../facts/unvalidatedTrainingFacts.ts";
import type { Loop } from "../syntax/tree.ts";
import { walkExpressions } from "../syntax/walk.ts";
import type { LightningTrainer } from "./lightningTrainers.ts";
import { isEpochHeader, rangeLength, trainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** Words for held-out data and for looking at it, in names and keys alike; `device` and `latest` are none. */
const heldOut =
  /(?<![a-z])(test|tests|testing|test(set|loader|data|gen|x|y)\w*|valid\w*|val|val(set|loader|data|gen|iter|x|y|dl|ds)\w*|eval\w*|dev|holdout|heldout|hold_out|held_out|kfold|cross_val\w*|accuracy_score|no_grad|inference_mode)(?![a-z])/;

/** Training for which a loss on held-out data has no meaning or is looked at elsewhere. */
const otherAims =
  /pre_?train(?!ed)|diffusion|ddpm|denois|autoencoder|\bvae\b|generator|discriminator|contrastive|simclr|byol|self_?supervis|style_?transfer|perceptual|word2vec|skip_?gram|node2vec|embedding_?model|\bgan\b|\bnerf\b|\bsiren\b|\bpinn\b|replay|reward|q_network|policy|episode|inverse|overfit|toy|distill|lr_?find|find_?lr|range_?test/i;

/** Whether nothing in the file's code speaks of validation, and its aim is one that wants it. */
function lacksValidation(source: SourceIndex, traits: readonly ModelTraitFact[]): boolean {
  if (traits.some(({ trait }) => trait === "reinforcement-learning" || trait === "gan")) return false;
  if (otherAims.test(source.text) || otherAims.test(source.path)) return false;
  const starts = source.module.comments.map(({ start }) => start);
  const ends = source.module.comments.map(({ end }) => end);
  const code = [0, ...ends].map((from, at) => source.text.slice(from, starts[at] ?? source.text.length)).join("");
  // A clip's value is no validation.
  const words = code.replaceAll("clip_val", "");
  // Most code says it in lower case.
  return !heldOut.test(words) && !heldOut.test(words.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase());
}

/** Loops over epochs and batches of data from outside that compute the training loss alone. */
export function unvalidatedLoops(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
  traits: readonly ModelTraitFact[],
  framework: FrameworkName,
): readonly UnvalidatedTrainingFact[] {
  if (drafts.length === 0 || !lacksValidation(source, traits)) return [];
  const levels = trainingLevels(source, drafts);
  const found = new Map<Loop, UnvalidatedTrainingFact>();
  for (const draft of drafts) {
    const epochs = levels.epochLoopOf(draft);
    if (epochs === null || draft.loop === null || found.has(epochs.loop)) continue;
    const { loop, scope } = epochs;
    const { header } = loop;
    const length = rangeLength(loop, scope);
    if (!isEpochHeader(source.text.slice(header.start, header.end)) || (length !== null && length < 2)) continue;
    if (!isOverData(draft.loop, source) || !isRunHere(scope) || mayValidate(loop, scope, source)) continue;
    const { start, end } = header;
    found.set(loop, { start, end, framework, how: "loop", missing: "a validation loss" });
  }
  return [...found.values()];
}

/** Batches of a loader or a data set; points made up in the file are a demonstration. */
function isOverData({ iterable }: Loop, { text }: SourceIndex): boolean {
  if (iterable === null) return false;
  const over = text.slice(iterable.start, iterable.end);
  return (
    /load|iter|data|batch|\bdl\b/i.test(over) &&
    !/\b(randn?|linspace|make_(moons|circles|blobs|regression))\s*\(/.test(text)
  );
}

/** The file itself starts the training: what only defines it may be validated by its callers. */
function isRunHere(scope: Scope): boolean {
  let current: Scope = scope;
  for (let depth = 0; depth < 8; depth += 1) {
    const callable = functionAround(current);
    if (callable === null) return true;
    const [site] = callSitesOf(callable);
    if (site === undefined) return false;
    current = site.scope;
  }
  return false;
}

/** A function from elsewhere that the epochs call with a model may validate it. */
function mayValidate(loop: Loop, scope: Scope, source: SourceIndex): boolean {
  let may = false;
  walkExpressions(loop.body, (expression) => {
    if (expression.kind !== "call" || expression.callee.kind !== "name") return undefined;
    const { name } = expression.callee;
    if (source.functionsByName.has(name) || /save|print|log|plot|tqdm|range|len|enumerate|zip|adjust|clip/i.test(name))
      return undefined;
    const elsewhere = calledAnywhere(expression, scope);
    if (elsewhere !== null) {
      const { definition, scope: inner } = elsewhere;
      if (heldOut.test(inner.source.text.slice(definition.start, definition.end))) may = true;
      return undefined;
    }
    const qualified = qualifiedName(expression.callee, scope);
    if (qualified === null || /^(torch|tensorflow|keras|jax|optax|flax|numpy|tqdm|time|math|os|copy)\b/.test(qualified))
      return undefined;
    if (expression.arguments.some(({ value }) => /model|net/i.test(terminalName(value) ?? ""))) may = true;
    return undefined;
  });
  return may;
}

/** Calls of `fit` over several epochs that are given no validation data. */
export function unvalidatedFits(
  source: SourceIndex,
  fits: readonly CallSite[],
  traits: readonly ModelTraitFact[],
): readonly UnvalidatedTrainingFact[] {
  if (fits.length === 0 || !lacksValidation(source, traits)) return [];
  return fits.flatMap(({ call, scope }) => {
    const epochs = argumentFor(call, "epochs", terminalName(call.callee) === "fit" ? 3 : 2);
    if (epochs === null || epochs === "unclear" || call.arguments.some(({ spread }) => spread !== null)) return [];
    const count = resolve(epochs.value, scope);
    if (!count.known || typeof count.value !== "number" || count.value < 2) return [];
    // Positions of validation_split and validation_data in keras 3.15 src/trainers/trainer.py, `fit`.
    if (argumentFor(call, "validation_split", 6) !== null || argumentFor(call, "validation_data", 7) !== null)
      return [];
    const { start, end } = call.callee;
    return [{ start, end, framework: "keras", how: "fit", missing: "validation_data or validation_split" }] as const;
  });
}

/** The same for TensorFlow.js, whose options are an object; data written out in the file is a demonstration. */
export function unvalidatedTfjsFits(
  source: SourceIndex,
  fits: readonly CallSite[],
  traits: readonly ModelTraitFact[],
): readonly UnvalidatedTrainingFact[] {
  if (fits.length === 0 || /tensor([12]d)?\(\s*\[/.test(source.text) || !lacksValidation(source, traits)) return [];
  return fits.flatMap(({ call, scope }) => {
    const options = call.arguments[terminalName(call.callee) === "fitDataset" ? 1 : 2]?.value;
    if (options?.kind !== "dictionary" || options.entries.some(({ key }) => key === null)) return [];
    const entry = (name: string) =>
      options.entries.find(
        ({ key }) => (key?.kind === "name" ? key.name : key?.kind === "string" ? key.value : null) === name,
      );
    const epochs = entry("epochs");
    if (epochs === undefined) return [];
    const count = resolve(epochs.value, scope);
    if (count.known && typeof count.value === "number" && count.value < 2) return [];
    const { start, end } = call.callee;
    return [
      { start, end, framework: "tensorflowjs", how: "fit", missing: "validationData or validationSplit" },
    ] as const;
  });
}

/** Lightning modules without a `validation_step` that a Trainer of the same file fits. */
export function unvalidatedModules(
  source: SourceIndex,
  trainers: readonly LightningTrainer[],
  traits: readonly ModelTraitFact[],
): readonly UnvalidatedTrainingFact[] {
  if (trainers.length === 0 || !lacksValidation(source, traits)) return [];
  return trainers.flatMap(({ fact, fits, fitsOthers }) => {
    const isUnread = fits.some(({ chain }) => chain.some(({ methods }) => methods.has("validation_step")));
    if (fits.length === 0 || fitsOthers || isUnread) return [];
    const { start, end } = fact.nameRange;
    return [{ start, end, framework: "lightning", how: "trainer", missing: "a validation_step and its data" }] as const;
  });
}

/** Trainers of transformers and trl for supervised training without an `eval_dataset`. */
export function unvalidatedTrainers(
  source: SourceIndex,
  traits: readonly ModelTraitFact[],
): readonly UnvalidatedTrainingFact[] {
  if (!lacksValidation(source, traits)) return [];
  return ["Trainer", "Seq2SeqTrainer", "SFTTrainer"].flatMap((name) =>
    (source.callsByTerminalName.get(name) ?? []).flatMap(({ call, scope }) => {
      if (!/^(transformers|trl)\./.test(qualifiedName(call.callee, scope) ?? "")) return [];
      const isGiven = call.arguments.some((each) => each.spread !== null || each.name === "eval_dataset");
      if (isGiven || argumentFor(call, "train_dataset", null) === null) return [];
      const { start, end } = call.callee;
      return [{ start, end, framework: "huggingface", how: "trainer", missing: "an eval_dataset" }] as const;
    }),
  );
}
