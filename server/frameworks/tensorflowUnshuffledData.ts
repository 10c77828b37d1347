import { calledFunction } from "../facts/calledFunctions.ts";
import { argumentFor, candidatesOfName } from "../facts/candidates.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { UnshuffledDataFact } from "../facts/unshuffledDataFacts.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { speaksOfNoOrder } from "./orderedData.ts";
import { handsOnBatches, readsAsEvaluation } from "./pytorchDataLoaders.ts";
import { isEpochHeader, rangeLength, trainingLevels } from "./pytorchTrainingLevels.ts";
import { tensorflowName } from "./tensorflowNames.ts";
import type { LoopDraft } from "./trainingEvents.ts";

const maximumDepth = 12;
/** Steps of a pipeline that keep the order. */
const inOrder =
  /^(batch|padded_batch|prefetch|map|cache|repeat|with_options|apply|unbatch|take|enumerate|as_numpy_iterator)$/;

/** `tf.data` pipelines over arrays that reach training over several epochs and shuffle nowhere. */
export function collectPipelinesInOrder(
  source: SourceIndex,
  fits: readonly CallSite[],
  drafts: readonly LoopDraft[],
): readonly UnshuffledDataFact[] {
  if (!source.callsByTerminalName.has("from_tensor_slices") || !speaksOfNoOrder(source)) return [];
  const found = new Map<Call, UnshuffledDataFact>();
  const add = (data: Expression, scope: Scope): void => {
    const made = sliced(data, scope, 0);
    if (made === null) return;
    const { start, end } = made;
    const name = made.callee.kind === "attribute" ? made.callee.nameRange : made.callee;
    const place = { start: name.start, end: name.end, framework: "keras", said: null, value: null } as const;
    found.set(made, { ...place, call: { start, end } });
  };
  for (const { call, scope } of fits) {
    const epochs = argumentFor(call, "epochs", 3);
    const data = argumentFor(call, "x", 0);
    const count = epochs === null || epochs === "unclear" ? null : resolve(epochs.value, scope);
    if (count === null || (count.known && count.value === 1) || data === null || data === "unclear") continue;
    add(data.value, scope);
  }
  const levels = trainingLevels(source, drafts);
  for (const draft of drafts) {
    const epochs = levels.epochLoopOf(draft);
    const iterable = draft.loop?.iterable ?? null;
    if (epochs === null || iterable === null) continue;
    const { header } = epochs.loop;
    if (!isEpochHeader(source.text.slice(header.start, header.end)) || rangeLength(epochs.loop, epochs.scope) === 1)
      continue;
    add(iterable, draft.scope);
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

/** The `from_tensor_slices` that a pipeline begins with, where every step after it keeps the order. */
function sliced(data: Expression, scope: Scope, depth: number): Call | null {
  if (depth > maximumDepth) return null;
  if (data.kind === "name") {
    if (readsAsEvaluation(data.name)) return null;
    const found = candidatesOfName(data.name, data, scope);
    const [only, ...others] = found.known ? found.candidates : [];
    if (only === undefined || others.length > 0 || only.position !== null) return null;
    return only.scope.source === scope.source ? sliced(only.expression, only.scope, depth + 1) : null;
  }
  if (data.kind !== "call") return null;
  const { callee } = data;
  if (tensorflowName(callee, scope) === "tf.data.Dataset.from_tensor_slices") return data;
  const first = data.arguments[0];
  if (callee.kind === "name" && handsOnBatches.test(callee.name) && first !== undefined)
    return sliced(first.value, scope, depth + 1);
  const callable = callee.kind === "name" ? calledFunction(data, scope) : null;
  if (callable !== null) {
    const [returned, ...others] = callable.returns;
    if (returned === undefined || others.length > 0 || readsAsEvaluation(callable.definition.name)) return null;
    return sliced(returned, callable.scope, depth + 1);
  }
  if (callee.kind !== "attribute" || !inOrder.test(callee.name)) return null;
  // All of the data in one batch has no order.
  const size = callee.name === "batch" && first !== undefined ? scope.source.text.slice(first.start, first.end) : "";
  return /\blen\b|shape|size\(/.test(size) ? null : sliced(callee.object, scope, depth + 1);
}
