import { calledFunction } from "../facts/calledFunctions.ts";
import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { resolve } from "../facts/resolve.ts";
import type { SamplerEpochFact } from "../facts/samplerEpochFacts.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { Call, Expression, Loop } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import {
  handsOnBatches,
  type IteratedLoaders,
  isDataLoader,
  isForEvaluation,
  isOfTorchData,
} from "./pytorchDataLoaders.ts";
import { siteOf } from "./pytorchFlags.ts";
import { epochCall } from "./pytorchSamplerCalls.ts";
import { isEpochHeader, rangeLength, type TrainingLevels } from "./pytorchTrainingLevels.ts";

/** These set the epoch themselves (accelerate 1.15 data_loader.py L582, lightning 2.6 fabric/utilities/data.py `_set_sampler_epoch`). */
const setsEpochItself =
  /\b(accelerate|lightning|pytorch_lightning|ignite|catalyst|composer|mmcv|mmengine|colossalai)\b/;

/** Distributed samplers that shuffle, feed a training loop inside a loop over epochs, and are never told the epoch. */
export function collectTorchSamplerEpochs(
  source: SourceIndex,
  iterated: readonly IteratedLoaders[],
  levels: TrainingLevels,
): readonly SamplerEpochFact[] {
  if (!/DistributedSampler/.test(source.text)) return [];
  if (source.imports.some(({ statement }) => setsEpochItself.test(statement.module))) return [];
  const found = new Map<Call, SamplerEpochFact>();
  for (const { draft, loaders } of iterated) {
    const epochs = levels.epochLoopOf(draft);
    if (epochs === null || !isOverEpochs(epochs.loop, epochs.scope, source)) continue;
    for (const loader of loaders) {
      if (isMadeIn(loader, epochs.loop) || escapes(loader, source)) continue;
      for (const sampler of samplersOf(loader)) {
        if (found.has(sampler.call) || isMadeIn(sampler, epochs.loop) || isForEvaluation(sampler)) continue;
        if (!shuffles(sampler) || escapes(sampler, source) || mayBeTold(sampler, source)) continue;
        const { callee } = sampler.call;
        const name = callee.kind === "attribute" ? callee.nameRange : callee;
        found.set(sampler.call, {
          start: name.start,
          end: name.end,
          framework: "pytorch",
          boundTo: boundTo(sampler),
          epochLoop: { start: epochs.loop.header.start, end: epochs.loop.header.end },
          call: epochCall(sampler, loader, draft, epochs),
        });
      }
    }
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

export function isDistributedSampler(call: Call, scope: Scope): boolean {
  return isOfTorchData(call, scope, "DistributedSampler");
}

/** More than one turn, by default; runs and folds are other loops. */
function isOverEpochs(loop: Loop, scope: Scope, { text }: SourceIndex): boolean {
  return isEpochHeader(text.slice(loop.header.start, loop.header.end)) && rangeLength(loop, scope) !== 1;
}

function isMadeIn({ call }: CallSite, loop: Loop): boolean {
  return loop.start <= call.start && call.end <= loop.end;
}

/** The distributed samplers that a loader can draw from, directly or through a batch sampler. */
function samplersOf({ call, scope }: CallSite): readonly CallSite[] {
  const given = [argumentFor(call, "sampler", 3), argumentFor(call, "batch_sampler", 4)];
  const samplers = new Set<Call>();
  for (const argument of given) {
    if (argument === null || argument === "unclear") continue;
    const isBatchSampler = (each: Call, from: Scope) => isOfTorchData(each, from, "BatchSampler");
    for (const linked of linkedCalls(
      argument.value,
      scope,
      (each, from) => isDistributedSampler(each, from) || isBatchSampler(each, from),
    )) {
      const site = siteOf(linked, scope.source);
      const inner = site !== null && isBatchSampler(linked, site.scope) ? argumentFor(linked, "sampler", 0) : null;
      if (site === null || inner === "unclear") continue;
      if (inner === null) samplers.add(linked);
      else for (const each of linkedCalls(inner.value, site.scope, isDistributedSampler)) samplers.add(each);
    }
  }
  return [...samplers].flatMap((each) => siteOf(each, scope.source) ?? []);
}

/** `shuffle` is True by default (torch 2.13 utils/data/distributed.py). */
function shuffles({ call, scope }: CallSite): boolean {
  const shuffle = argumentFor(call, "shuffle", 3);
  if (shuffle === "unclear") return false;
  if (shuffle === null) return true;
  const resolved = resolve(shuffle.value, scope);
  return resolved.known && resolved.value === true && resolved.alternatives.length === 0;
}

/** A `set_epoch` that is not certainly another sampler's, or that always sets the same epoch, which changes no order. */
function mayBeTold(sampler: CallSite, source: SourceIndex): boolean {
  const calls = source.callsByTerminalName.get("set_epoch") ?? [];
  const written = source.text.match(/(?<!def )\bset_epoch\b(?!["'])/g)?.length ?? 0;
  const inComments = source.module.comments.reduce(
    (count, { text }) => count + (text.match(/\bset_epoch\b(?!["'])/g)?.length ?? 0),
    0,
  );
  // Handed on by name, or called through getattr.
  if (written - inComments > calls.length || /getattr\([^()]*set_epoch/.test(source.text)) return true;
  return calls.some(({ call, scope }) => {
    const epoch = call.arguments[0]?.value;
    if (epoch?.kind === "number") return false;
    if (call.callee.kind !== "attribute") return true;
    const told = samplersNamed(call.callee.object, scope);
    return told.size === 0 || told.has(sampler.call);
  });
}

/** The samplers that `sampler` or `loader.sampler` or `loader.batch_sampler.sampler` stands for. */
function samplersNamed(receiver: Expression, scope: Scope): ReadonlySet<Call> {
  const direct = linkedCalls(receiver, scope, isDistributedSampler);
  if (direct.size > 0) return direct;
  let loader = receiver;
  while (loader.kind === "attribute" && /^(batch_)?sampler$/.test(loader.name)) loader = loader.object;
  const all = new Set<Call>();
  for (const call of linkedCalls(loader, scope, isDataLoader)) {
    const site = siteOf(call, scope.source);
    if (site !== null) for (const sampler of samplersOf(site)) all.add(sampler.call);
  }
  return all;
}

const harmless =
  /^(DataLoader|BatchSampler|len|print|isinstance|hasattr|type|list|min|max|ceil|int|float|str|append|next|get_linear_schedule_with_warmup|info|debug|evaluate|validate|test|save\w*|log\w*)$/;

/** It is handed to code that is not read, which may set its epoch. */
function escapes(site: CallSite, source: SourceIndex): boolean {
  const name = boundTo(site);
  const isItself = (value: Expression, scope: Scope): boolean => {
    if (value.kind !== "name" && value.kind !== "attribute") return false;
    if (name !== null && terminalName(value) !== name.split(".").at(-1)) return false;
    return linkedCalls(value, scope, (call) => call === site.call).size > 0;
  };
  return source.calls.some(({ call, scope }) => {
    const callee = terminalName(call.callee) ?? "";
    if (handsOnBatches.test(callee) || harmless.test(callee)) return false;
    if (!call.arguments.some(({ value }) => isItself(value, scope))) return false;
    if (calledFunction(call, scope) !== null) return false;
    return !source.functionsByName.has(callee) && !isClassOf(callee, source);
  });
}

function isClassOf(name: string, { classes }: SourceIndex): boolean {
  return [...classes.keys()].some((definition) => definition.name === name);
}
