import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { classElsewhere, definitionElsewhere } from "../facts/importedDefinition.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import { bindingsOf, type CallSite, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { UnshuffledDataFact } from "../facts/unshuffledDataFacts.ts";
import type { Call } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { speaksOfNoOrder } from "./orderedData.ts";
import type { IteratedLoaders } from "./pytorchDataLoaders.ts";
import { isEpochHeader, rangeLength, type TrainingLevels } from "./pytorchTrainingLevels.ts";

/** Loaders of data sets with a length that feed a training loop over epochs in one order. */
export function collectTorchUnshuffledData(
  source: SourceIndex,
  iterated: readonly IteratedLoaders[],
  levels: TrainingLevels,
): readonly UnshuffledDataFact[] {
  const found = new Map<Call, UnshuffledDataFact>();
  for (const { draft, loaders } of iterated) {
    const epochs = levels.epochLoopOf(draft);
    // With several loaders it may be one of them that trains.
    const [loader, ...others] = loaders;
    if (epochs === null || loader === undefined || others.length > 0) continue;
    const { header } = epochs.loop;
    if (!isEpochHeader(source.text.slice(header.start, header.end)) || rangeLength(epochs.loop, epochs.scope) === 1)
      continue;
    const fact = inOneOrder(loader);
    if (fact !== null) found.set(loader.call, fact);
  }
  const facts = [...found.values()];
  if (
    facts.length === 0 ||
    !speaksOfNoOrder(
      source,
      facts.every(({ said }) => said !== null),
    )
  )
    return [];
  return facts.toSorted((a, b) => a.start - b.start);
}

/** A loader that certainly hands out its samples in one order. */
export function inOneOrder(loader: CallSite): UnshuffledDataFact | null {
  const fact = unshuffled(loader);
  if (fact === null) return null;
  const order = orderOf(loader);
  // Who writes `shuffle=False` for a training loader means all that it reads, whatever made it.
  return order === "known" || (order === "unclear" && fact.said !== null && readsAsTraining(loader)) ? fact : null;
}

function readsAsTraining(loader: CallSite): boolean {
  const data = argumentFor(loader.call, "dataset", 0);
  const given = data === null || data === "unclear" ? "" : loader.scope.source.text.slice(data.start, data.end);
  return /train/i.test(boundTo(loader) ?? "") && !/iter|stream|shard|rand|perm|sub_?set|sample/i.test(given);
}

/** `shuffle` is False by default (torch 2.13 utils/data/dataloader.py), and a sampler has an order of its own. */
function unshuffled({ call, scope }: CallSite): UnshuffledDataFact | null {
  const { source } = scope;
  for (const [name, position] of [
    ["sampler", 3],
    ["batch_sampler", 4],
  ] as const) {
    const given = argumentFor(call, name, position);
    if (given !== null && (given === "unclear" || given.value.kind !== "null")) return null;
  }
  const batch = argumentFor(call, "batch_size", 1);
  // A batch of all the data has no order.
  if (batch !== null && (batch === "unclear" || /\blen\b|size\(|shape/.test(source.text.slice(batch.start, batch.end))))
    return null;
  const name = call.callee.kind === "attribute" ? call.callee.nameRange : call.callee;
  const place = {
    start: name.start,
    end: name.end,
    framework: "pytorch",
    call: { start: call.start, end: call.end },
  } as const;
  const shuffle = argumentFor(call, "shuffle", 2);
  if (shuffle === "unclear") return null;
  if (shuffle === null) return { ...place, said: null, value: null };
  const resolved = resolve(shuffle.value, scope);
  if (!resolved.known || resolved.value !== false || resolved.alternatives.length > 0) return null;
  const { value } = shuffle;
  if (value.kind !== "boolean") return null;
  return {
    ...place,
    start: shuffle.start,
    end: shuffle.end,
    said: "shuffle=False",
    value: { start: value.start, end: value.end },
  };
}

/** Data sets that hand out a sample by its number: torchvision's, tensors, and classes of the file that draw nothing at random. */
function orderOf({ call, scope }: CallSite): "known" | "mixed" | "unclear" {
  const data = argumentFor(call, "dataset", 0);
  if (data === null || data === "unclear") return "unclear";
  const sites: { readonly call: Call; readonly scope: Scope }[] = [];
  linkedCalls(data.value, scope, (each, from) => {
    if (!/^[A-Z]/.test(terminalName(each.callee) ?? "")) return false;
    sites.push({ call: each, scope: from });
    return true;
  });
  const orders = sites.map((site) => orderOfData(site.call, site.scope));
  if (orders.includes("mixed")) return "mixed";
  return orders.length > 0 && orders.every((order) => order === "known") ? "known" : "unclear";
}

function orderOfData({ callee }: Call, scope: Scope): "known" | "mixed" | "unclear" {
  const qualified = qualifiedName(callee, scope) ?? "";
  if (/^torchvision\.datasets\./.test(qualified)) return qualified.endsWith(".FakeData") ? "mixed" : "known";
  if (qualified === "torch.utils.data.TensorDataset" || qualified === "torch.utils.data.dataset.TensorDataset")
    return /\brandn?\b|\brandint\b/.test(scope.source.text) ? "mixed" : "known";
  const last = callee.kind === "name" ? bindingsOf(callee.name, scope)?.at(-1) : undefined;
  const here = last?.kind === "class" ? (scope.source.classes.get(last.definition) ?? null) : null;
  const own = here ?? (callee.kind === "name" ? classElsewhere(definitionElsewhere(callee.name, scope)) : null);
  if (own === null) return isImportedDataset(callee, scope) ? "known" : "unclear";
  if (own.methods.has("__iter__")) return "mixed";
  const { start, end } = own.definition;
  if (/rand|Iterable|choice|shuffle/.test(own.scope.source.text.slice(start, end))) return "mixed";
  return own.methods.has("__getitem__") ? "known" : "unclear";
}

/** A class from elsewhere that says by its name that it is a data set, and not one that streams. */
function isImportedDataset(callee: Call["callee"], scope: Scope): boolean {
  const name = terminalName(callee) ?? "";
  const qualified = qualifiedName(callee, scope);
  return (
    qualified !== null &&
    /Dataset$/.test(name) &&
    !/Iter|Stream|Web|Chunk|Shard|Pack|Concat|Chain|Buffer|Random|Stack/.test(name) &&
    !/^(torch|datasets|transformers|webdataset)\b/.test(qualified)
  );
}
