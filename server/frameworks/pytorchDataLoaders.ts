import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { bindingsOf, type CallSite, functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { siteOf } from "./pytorchFlags.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** A training loop with the DataLoaders that it can iterate over. */
export interface IteratedLoaders {
  readonly draft: LoopDraft;
  readonly loaders: readonly CallSite[];
}

const maximumDepth = 8;

/** Calls that hand on the batches of what they are given, one by one. */
export const handsOnBatches =
  /^(enumerate|tqdm|track|progress_bar|progress|iter|islice|cycle|zip|log_every|MpDeviceLoader|ParallelLoader|per_device_loader|ProgressBar|\w*prefetch\w*)$/i;

/** The DataLoaders of torch that training loops iterate over, evaluation data left out. */
export function iteratedLoaders(source: SourceIndex, drafts: readonly LoopDraft[]): readonly IteratedLoaders[] {
  if (!source.callsByTerminalName.has("DataLoader")) return [];
  return drafts.flatMap((draft) => {
    const iterable = draft.loop?.iterable ?? null;
    if (iterable === null) return [];
    const loaders = loadersBehind(iterable, draft.scope, 0).filter((site) => !isForEvaluation(site));
    return loaders.length === 0 ? [] : [{ draft, loaders }];
  });
}

function loadersBehind(iterable: Expression, scope: Scope, depth: number): readonly CallSite[] {
  if (depth > maximumDepth) return [];
  const found = new Map<Call, CallSite>();
  const passes = (call: Call): boolean =>
    !isLinkedThrough(call) && handsOnBatches.test(terminalName(call.callee) ?? "");
  const calls = linkedCalls(iterable, scope, (call, from) => isDataLoader(call, from) || passes(call));
  for (const call of calls) {
    const site = siteOf(call, scope.source);
    if (site === null) continue;
    if (isDataLoader(call, site.scope)) {
      found.set(call, site);
      continue;
    }
    for (const { value } of call.arguments) {
      for (const each of loadersBehind(value, site.scope, depth + 1)) found.set(each.call, each);
    }
  }
  return [...found.values()];
}

/** What `linkedCalls` looks through by itself. */
function isLinkedThrough(call: Call): boolean {
  return /^(zip|enumerate)$/.test(terminalName(call.callee) ?? "");
}

/** Whether a call makes a DataLoader of torch. */
export function isDataLoader(call: Call, scope: Scope): boolean {
  return isOfTorchData(call, scope, "DataLoader");
}

/** Whether a call makes an object of `torch.utils.data` by its name, through imports, aliases and star imports. */
export function isOfTorchData(call: Call, scope: Scope, name: string): boolean {
  if (terminalName(call.callee) !== name && call.callee.kind !== "name") return false;
  const qualified = qualifiedName(call.callee, scope);
  if (qualified !== null)
    return /^torch(\.utils\.data|_geometric\.(data|loader))\./.test(qualified) && qualified.endsWith(`.${name}`);
  if (call.callee.kind !== "name" || call.callee.name !== name || bindingsOf(name, scope) !== null) return false;
  return scope.source.starImports.some((module) => module.startsWith("torch.utils.data"));
}

/** Whether the names around a loader or sampler say that it evaluates: what it is bound to, what it is given, who makes it. */
export function isForEvaluation(site: CallSite): boolean {
  const { text } = site.scope.source;
  const maker = functionAround(site.scope)?.definition.name ?? "";
  const names = [boundTo(site) ?? "", /data|loader|iter|set|sampler/i.test(maker) ? maker : ""];
  for (const { name, value } of site.call.arguments) {
    if (name === null || /^(dataset|sampler|batch_sampler)$/.test(name)) names.push(text.slice(value.start, value.end));
  }
  return !/train/i.test(names[0] ?? "") && names.some(readsAsEvaluation);
}

/** `val_loader`, `self.testSet`, `make_eval_data(…)`; what holds both (`train_val_split`) says nothing. */
export function readsAsEvaluation(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  if (/train/.test(words)) return false;
  return /(?<![a-z])(val|valid|validate|validation|test|testing|dev|eval|evaluate|evaluation|infer|inference|predict|prediction|query|gallery|holdout)(?![a-z])|(?<![a-z])(val|valid|test|dev|eval)(set|sets|loader|sampler|data|ds|dl|iter)/.test(
    words,
  );
}
