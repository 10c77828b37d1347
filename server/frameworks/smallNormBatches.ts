import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import { type CallSite, functionAround, type SourceIndex } from "../facts/scope.ts";
import type { SmallNormBatchFact } from "../facts/smallNormBatchFacts.ts";
import type { ModelTraitFact } from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";
import type { IteratedLoaders } from "./pytorchDataLoaders.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** Wu and He 2018: the error of batch norm rises fast as a batch becomes smaller than usual (abstract, figure 1). */
const smallest = 4;

/** Batch norm over all devices, frozen, or replaced; graphs and points, whose samples are many to a batch's one. */
const otherStatistics =
  /SyncBatchNorm|sync_?bn|FrozenBatch|freeze_?bn|bn_?freeze|frozen_?bn|track_running_stats|GroupNorm|BatchRenorm|torch_geometric|\bdgl\b|point_?cloud|pointnet/i;

/** torchvision's and timm's models with batch norm. */
const normedModel =
  /^((wide_)?resnet\d+|resnext\d+|densenet\d+|mobilenet_?v[23]\w*|efficientnet_(b\d|v2)\w*|vgg\d+_bn|inception_v3|googlenet|shufflenet\w*|mnasnet\w*|regnet\w*)/;

interface Norm {
  readonly shownBy: string;
  readonly layer: TextRange;
}

/** Loaders of torch with a few samples a batch in a file that trains batch norm on them. */
export function torchSmallNormBatches(
  source: SourceIndex,
  iterated: readonly IteratedLoaders[],
  traits: readonly ModelTraitFact[],
): readonly SmallNormBatchFact[] {
  if (iterated.length === 0 || otherStatistics.test(source.text)) return [];
  const sites = [...new Set(iterated.flatMap(({ loaders }) => (loaders.length === 1 ? loaders : [])))];
  const small = sites.filter((site) => batchSizeOf(site, "batch_size", 1) !== null);
  const norm = small.length === 0 ? null : torchNorm(source);
  if (norm === null) return [];
  return small.flatMap((site) => {
    const fact = smallBatch(site, "batch_size", 1, norm, "pytorch");
    // With a single image, as in pix2pix, it is meant as instance norm.
    return fact === null || (fact.batchSize === 1 && traits.some(({ trait }) => trait === "gan")) ? [] : fact;
  });
}

/** `fit` of Keras with a few samples a batch on a model with batch norm. */
export function kerasSmallNormBatches(source: SourceIndex, fits: readonly CallSite[]): readonly SmallNormBatchFact[] {
  if (fits.length === 0 || /synchronized\s*=\s*True|GroupNormalization|trainable\s*=\s*False/.test(source.text))
    return [];
  const norm = (source.callsByTerminalName.get("BatchNormalization") ?? []).find(({ call, scope }) =>
    /keras\.layers\./.test(tensorflowName(call.callee, scope) ?? qualifiedName(call.callee, scope) ?? ""),
  );
  if (norm === undefined) return [];
  const { start, end } = norm.call.callee;
  return fits.flatMap(
    (site) =>
      smallBatch(site, "batch_size", 2, { shownBy: "BatchNormalization", layer: { start, end } }, "keras") ?? [],
  );
}

interface SmallBatch extends TextRange {
  readonly batchSize: number;
  readonly overridable: boolean;
}

/** A batch size of a few samples where a call certainly has one. */
function batchSizeOf({ call, scope }: CallSite, keyword: string, position: number): SmallBatch | null {
  const given = argumentFor(call, keyword, position);
  if (given === null || given === "unclear") return null;
  const resolved = resolve(given.value, scope);
  if (!resolved.known || typeof resolved.value !== "number" || resolved.alternatives.length > 0) return null;
  const { value: batchSize, overridable } = resolved;
  if (batchSize < 1 || batchSize > smallest) return null;
  return { start: given.start, end: given.end, batchSize, overridable };
}

function smallBatch(
  site: CallSite,
  keyword: string,
  position: number,
  { shownBy, layer }: Norm,
  framework: "pytorch" | "keras",
): SmallNormBatchFact | null {
  const small = batchSizeOf(site, keyword, position);
  return small === null ? null : { ...small, framework, shownBy, layer };
}

/** A batch norm that a model of the file is built with, or a known model that has it. */
function torchNorm(source: SourceIndex): Norm | null {
  for (const { call, scope } of source.calls) {
    const name = terminalName(call.callee) ?? "";
    const { start, end } = call.callee;
    const layer = { start, end };
    const qualified = qualifiedName(call.callee, scope) ?? "";
    if (/^BatchNorm[123]d$/.test(name) && qualified.startsWith("torch.nn.")) {
      const own = functionAround(scope)?.owner ?? null;
      if (own === null || isBuilt(own.definition.name, source)) return { shownBy: name, layer };
    }
    if (qualified.startsWith("torchvision.models.") && normedModel.test(name)) return { shownBy: name, layer };
    const first = call.arguments[0]?.value;
    if (qualified === "timm.create_model" && first?.kind === "string" && normedModel.test(first.value ?? ""))
      return { shownBy: first.value ?? "", layer };
  }
  return null;
}

/** A class that the file makes an object of, be it in another class. */
function isBuilt(name: string, { callsByTerminalName, nameUses }: SourceIndex): boolean {
  return callsByTerminalName.has(name) || (nameUses.get(name) ?? 0) > 0;
}
