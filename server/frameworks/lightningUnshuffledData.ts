import { argumentFor } from "../facts/candidates.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { UnshuffledDataFact } from "../facts/unshuffledDataFacts.ts";
import type { Expression } from "../syntax/tree.ts";
import type { LightningTrainer } from "./lightningTrainers.ts";
import { speaksOfNoOrder } from "./orderedData.ts";
import { isDataLoader, isForEvaluation } from "./pytorchDataLoaders.ts";
import { siteOf } from "./pytorchFlags.ts";
import { inOneOrder } from "./pytorchUnshuffledData.ts";

/** Loaders that a Lightning Trainer trains on, by a `train_dataloader` of the file or as the second argument of `fit`. */
export function collectLightningUnshuffledData(
  source: SourceIndex,
  trainers: readonly LightningTrainer[],
): readonly UnshuffledDataFact[] {
  if (!source.callsByTerminalName.has("DataLoader")) return [];
  if (trainers.some(({ fact }) => runsOnce(fact.settings.epochs?.resolved))) return [];
  const given: { readonly loaders: Expression; readonly scope: Scope }[] = [];
  for (const { owner, returns, scope } of source.functionsByName.get("train_dataloader") ?? []) {
    const [only, ...others] = returns;
    if (owner !== null && only !== undefined && others.length === 0) given.push({ loaders: only, scope });
  }
  for (const { call, scope } of source.callsByTerminalName.get("fit") ?? []) {
    const { callee } = call;
    if (callee.kind !== "attribute") continue;
    const isTrainer = trainers.some(
      ({ site }) => linkedCalls(callee.object, scope, (each) => each === site.call).size > 0,
    );
    const loaders = argumentFor(call, "train_dataloaders", 1) ?? argumentFor(call, "train_dataloader", null);
    if (isTrainer && loaders !== null && loaders !== "unclear") given.push({ loaders: loaders.value, scope });
  }
  const facts = new Map<number, UnshuffledDataFact>();
  for (const { loaders, scope } of given) {
    const [site, ...others] = loadersOf(loaders, scope);
    const fact = site === undefined || others.length > 0 || isForEvaluation(site) ? null : inOneOrder(site);
    if (fact !== null) facts.set(fact.start, fact);
  }
  if (facts.size === 0 || !speaksOfNoOrder(source)) return [];
  return [...facts.values()].toSorted((a, b) => a.start - b.start);
}

function runsOnce(resolved: { readonly known: boolean; readonly value?: unknown } | undefined): boolean {
  return resolved?.known === true && resolved.value === 1;
}

function loadersOf(loaders: Expression, scope: Scope): readonly CallSite[] {
  const calls = linkedCalls(loaders, scope, isDataLoader);
  return [...calls].flatMap((call) => siteOf(call, scope.source) ?? []);
}
