import type { UnsavedStateFact } from "../facts/checkpointFacts.ts";
import { subjectText, terminalName } from "../facts/dottedText.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { rangeOf } from "../text/range.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { type KerasOptimizerSite, linkedKerasOptimizers } from "./kerasOptimizers.ts";
import { tensorflowName } from "./tensorflowNames.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** Formats of weights that hold no optimizer; a TensorFlow checkpoint of a compiled model does hold it. */
const weightsFormat = /\.(h5|hdf5)["']/;

/** Checkpoints of Keras code that leave out the optimizer: objects of `tf.train.Checkpoint`, and weights in HDF5 to go on from. */
export function collectKerasUnsavedState(
  source: SourceIndex,
  optimizers: readonly KerasOptimizerSite[],
  drafts: readonly LoopDraft[],
): readonly UnsavedStateFact[] {
  if (optimizers.length === 0) return [];
  return [...trackedObjects(source, optimizers, drafts), ...weightsCallback(source, optimizers)];
}

/** `tf.train.Checkpoint(model=model)` of a loop with a tape: it holds what it is given and nothing else. */
function trackedObjects(
  source: SourceIndex,
  optimizers: readonly KerasOptimizerSite[],
  drafts: readonly LoopDraft[],
): readonly UnsavedStateFact[] {
  // The optimizer of a compiled model is one of its parts.
  if (drafts.length === 0 || source.callsByTerminalName.has("compile")) return [];
  const sites = (source.callsByTerminalName.get("Checkpoint") ?? []).filter(
    ({ call, scope }) => tensorflowName(call.callee, scope) === "tf.train.Checkpoint",
  );
  const [site, second] = sites;
  if (site === undefined || second !== undefined || site.call.arguments.length === 0) return [];
  if (site.call.arguments.some((argument) => !isModel(argument.name, argument.value, site, optimizers))) return [];
  const isSaved = /\bCheckpointManager\(|\.save\(|\.write\(/.test(source.text);
  if (!isSaved || /\.optimizer\s*=|optimizer\.(get_weights|variables)/.test(source.text)) return [];
  const restored = source.callsByTerminalName.get("restore")?.[0] ?? source.callsByTerminalName.get("read")?.[0];
  const only = optimizers.length === 1 ? optimizers[0] : undefined;
  return [
    {
      ...nothing(optimizers),
      ...rangeOf(site.call.callee),
      at: "save",
      holder: only?.fact.boundTo ?? null,
      call: subjectText(site.call.callee) ?? "",
      resumedAt: restored === undefined ? null : rangeOf(restored.call.callee),
      keepsCount: site.call.arguments.some(({ name }) => /^(step|epoch)/.test(name ?? "")),
      companions: [],
      built: only === undefined ? null : rangeOf(only.site.statement),
      dictionary: rangeOf(site.call),
    },
  ];
}

function isModel(
  name: string | null,
  value: Expression,
  { scope }: CallSite,
  optimizers: readonly KerasOptimizerSite[],
): boolean {
  const text = `${name ?? ""} ${subjectText(value) ?? ""}`;
  if (/opt|solver|trainer|train_?state|\bself\b(?!\.)/i.test(text)) return false;
  if (
    value.kind !== "name" &&
    value.kind !== "attribute" &&
    !(value.kind === "call" && /Variable$/.test(terminalName(value.callee) ?? ""))
  ) {
    return false;
  }
  return name !== null && linkedKerasOptimizers(value, scope, optimizers).length === 0;
}

/** `ModelCheckpoint("….h5", save_weights_only=True)` where `fit` goes on at a later epoch from loaded weights. */
function weightsCallback(source: SourceIndex, optimizers: readonly KerasOptimizerSite[]): readonly UnsavedStateFact[] {
  const load = source.callsByTerminalName.get("load_weights")?.[0];
  const fit = (source.callsByTerminalName.get("fit") ?? []).find(({ call }) => goesOn(call));
  if (load === undefined || fit === undefined || /\.load_model\(|BackupAndRestore/.test(source.text)) return [];
  if (load.scope === fit.scope && load.call.start > fit.call.start) return [];
  for (const site of source.callsByTerminalName.get("ModelCheckpoint") ?? []) {
    const setting = site.call.arguments.find(({ name }) => name === "save_weights_only");
    if (setting?.value.kind !== "boolean" || !setting.value.value) continue;
    const [path] = site.call.arguments;
    if (path === undefined || !weightsFormat.test(pathTextOf(path.value, source))) continue;
    return [
      {
        ...nothing(optimizers),
        ...rangeOf(setting),
        at: "save",
        holder: null,
        call: "ModelCheckpoint",
        resumedAt: rangeOf(load.call.callee),
        keepsCount: true,
        companions: [],
      },
    ];
  }
  return [];
}

function pathTextOf(value: Expression, source: SourceIndex): string {
  if (value.kind !== "name") return source.text.slice(value.start, value.end);
  return source.text.match(new RegExp(`^[ \\t]*${value.name}\\s*=\\s*(.*)$`, "m"))?.[1] ?? "";
}

/** `initial_epoch` is anything but 0. */
function goesOn(call: Call): boolean {
  const given = call.arguments.find(({ name }) => name === "initial_epoch");
  return given !== undefined && !(given.value.kind === "number" && given.value.value === 0);
}

function nothing(optimizers: readonly KerasOptimizerSite[]) {
  return {
    framework: "keras",
    missing: "optimizer",
    constructorName: [...new Set(optimizers.map(({ fact }) => fact.constructorName))].join(" and "),
    dictionary: null,
    weights: null,
    load: null,
    built: null,
    setting: null,
  } as const;
}

/** One more object for the checkpoint to hold. */
export function trackOptimizer({ text }: FixContext, fact: UnsavedStateFact): FixDraft | null {
  const { holder, dictionary, built } = fact;
  if (holder === null || dictionary === null || built === null || built.end > dictionary.start) return null;
  if (
    !holder.startsWith("self.") &&
    /^[ \t]*(async[ \t]+)?(def|class)[ \t]/m.test(text.slice(built.end, dictionary.start))
  ) {
    return null;
  }
  return { title: `Keep ${holder} in the checkpoint`, edits: appendArgument(text, dictionary, `optimizer=${holder}`) };
}
