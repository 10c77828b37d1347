import { argumentFor } from "../facts/candidates.ts";
import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import { resolve } from "../facts/resolve.ts";
import { bindingsOf, type CallSite, type SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact, TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { UnguardedLoopFact } from "../facts/unguardedLoopFacts.ts";
import type { Argument } from "../syntax/tree.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { longEpochs } from "./longLoops.ts";
import { quoteOf } from "./sourceLines.ts";

/** Callbacks and calls that notice a NaN; a stop on a metric that no longer improves does so too, if late. */
const guards =
  /TerminateOnNa|EarlyStopping|is_?finite|is_?nan|check_numerics|stop_training|\bCallback\)|LossScaleOptimizer/i;

/** `model.fit` over many epochs without a callback that ends a run of NaNs. */
export function collectKerasUnguardedFits(
  source: SourceIndex,
  loops: readonly TrainingLoopFact[],
): readonly UnguardedLoopFact[] {
  if (guards.test(source.text)) return [];
  return [...(source.callsByTerminalName.get("fit") ?? [])].flatMap((site) => unguarded(site, loops) ?? []);
}

function unguarded(site: CallSite, loops: readonly TrainingLoopFact[]): UnguardedLoopFact | null {
  const { call, scope } = site;
  if (!loops.some(({ start }) => start === call.start)) return null;
  if (call.arguments.some(({ spread }) => spread !== null)) return null;
  const epochs = argumentFor(call, "epochs", null);
  if (epochs === null || epochs === "unclear" || !readsCallbacks(site)) return null;
  const resolved = resolve(epochs.value, scope);
  if (!resolved.known || resolved.alternatives.length > 0 || typeof resolved.value !== "number") return null;
  if (resolved.value < longEpochs) return null;
  const { start, end } = call.callee;
  const { start: from, end: to } = epochs;
  return {
    start,
    end,
    framework: "keras",
    shownBy: { start: from, end: to },
    counts: "epochs",
    length: resolved.value,
    loopStart: call.start,
    outermost: { start: call.start, end: call.end },
  };
}

/** All callbacks are in sight: none, a list, or a name that is set to a list and not added to. */
function readsCallbacks({ call, scope }: CallSite): boolean {
  const callbacks: Argument | null | "unclear" = argumentFor(call, "callbacks", null);
  if (callbacks === null) return true;
  if (callbacks === "unclear") return false;
  const isList = (value: Argument["value"]): boolean =>
    value.kind === "list" && value.items.every(({ kind }) => kind === "call" || kind === "name");
  if (callbacks.value.kind !== "name") return isList(callbacks.value);
  const { name } = callbacks.value;
  const bindings = bindingsOf(name, scope);
  const [only] = bindings ?? [];
  if (bindings?.length !== 1 || only?.kind !== "assignment" || only.operator !== "=") return false;
  return isList(only.value) && !new RegExp(`\\b${name}\\.(append|extend|insert)\\b`).test(scope.source.text);
}

/** `TerminateOnNaN` among the callbacks of a `fit`. */
export function stopOnNaN(context: FixContext, loop: TrainingLoopFact): FixDraft | null {
  if (!/\.fit\w*$/.test(context.text.slice(loop.header.start, loop.header.end))) return null;
  const edits = addCallback(context, loop, "TerminateOnNaN", "");
  return edits === null ? null : { title: "Stop at the first NaN with TerminateOnNaN", edits };
}

/** `ReduceLROnPlateau` among the callbacks of a `fit`, on the validation loss where there is one. */
export function reduceOnPlateau(context: FixContext, _optimizer: OptimizerFact, run: EpochLoopFact): FixDraft | null {
  const call = context.text.slice(run.start, run.end);
  if (!/^[\w.]+\.fit\(/.test(call)) return null;
  const quote = quoteOf(context.text);
  const monitor = /\bvalidation_(data|split)\s*=/.test(call) ? "" : `monitor=${quote}loss${quote}, `;
  const edits = addCallback(context, run, "ReduceLROnPlateau", `${monitor}factor=0.5, patience=3`);
  const what = monitor === "" ? "validation loss" : "loss";
  return edits === null
    ? null
    : { title: `Halve the learning rate when the ${what} has not fallen for 3 epochs`, edits };
}

function addCallback(
  { text, facts }: FixContext,
  fit: TextRange,
  callback: string,
  settings: string,
): readonly TextEdit[] | null {
  const name = callbackName(facts, callback);
  if (name === null) return null;
  const call = text.slice(fit.start, fit.end);
  const list = /\bcallbacks\s*=\s*\[[ \t]*/.exec(call);
  if (list !== null) {
    const at = fit.start + list.index + list[0].length;
    const isEmpty = text[at] === "]";
    const isBroken = /\s/.test(text[at] ?? " ");
    const newText = isEmpty ? `${name}(${settings})` : `${name}(${settings}),${isBroken ? "" : " "}`;
    return [{ start: at, end: at, newText }];
  }
  if (/\bcallbacks\s*=/.test(call)) return null;
  return appendArgument(text, { start: fit.start, end: fit.end }, `callbacks=[${name}(${settings})]`);
}

/** The callback as the file spells Keras; null where that is not clear. */
function callbackName({ imports }: TrainingFacts, callback: string): string | null {
  for (const { module, imported, local } of imports) {
    const whole = imported === null ? (module.startsWith(`${local}.`) ? local : module) : `${module}.${imported}`;
    if (/^(tensorflow\.keras|tf_keras|keras)\.callbacks$/.test(whole)) return `${local}.${callback}`;
    if (/^(tensorflow\.keras|tf_keras|keras)$/.test(whole)) return `${local}.callbacks.${callback}`;
  }
  const tensorflow = imports.find(({ module, imported }) => module === "tensorflow" && imported === null);
  return tensorflow === undefined ? null : `${tensorflow.local}.keras.callbacks.${callback}`;
}
