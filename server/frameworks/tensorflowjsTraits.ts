import { qualifiedName } from "../facts/qualifiedName.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { ModelTraitFact } from "../facts/trainingFacts.ts";
import type { Call } from "../syntax/tree.ts";

/** Kinds of layers that a TensorFlow.js file builds, one fact a kind. */
export function collectTfjsTraits(source: SourceIndex): readonly ModelTraitFact[] {
  const found = new Map<ModelTraitFact["trait"], ModelTraitFact>();
  const layers: readonly (readonly [string, ModelTraitFact["trait"]])[] = [
    ["lstm", "recurrent"],
    ["gru", "recurrent"],
    ["simpleRNN", "recurrent"],
    ["lstmCell", "recurrent"],
    ["gruCell", "recurrent"],
    ["batchNormalization", "batch-norm"],
    ["loadLayersModel", "pretrained"],
    ["loadGraphModel", "pretrained"],
  ];
  for (const [name, trait] of layers) {
    for (const { call, scope } of source.callsByTerminalName.get(name) ?? []) {
      if (qualifiedName(call.callee, scope)?.startsWith("tf.") !== true) continue;
      add(found, trait, name, call);
    }
  }
  const isGan = source.nameUses.has("generator") && source.nameUses.has("discriminator");
  const [first] = source.calls;
  if (isGan && first !== undefined) add(found, "gan", "generator and discriminator", first.call);
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

function add(
  found: Map<ModelTraitFact["trait"], ModelTraitFact>,
  trait: ModelTraitFact["trait"],
  shownBy: string,
  { start, end }: Call,
): void {
  if (!found.has(trait)) found.set(trait, { trait, shownBy, start, end });
}
