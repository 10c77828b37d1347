import { terminalName } from "../facts/dottedText.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { ModelTraitFact } from "../facts/trainingFacts.ts";
import { collectTorchTraits } from "./pytorchTraits.ts";
import { tensorflowName } from "./tensorflowNames.ts";

const layers: Readonly<Record<string, ModelTraitFact["trait"]>> = {
  LSTM: "recurrent",
  GRU: "recurrent",
  SimpleRNN: "recurrent",
  LSTMCell: "recurrent",
  GRUCell: "recurrent",
  BasicLSTMCell: "recurrent",
  BasicRNNCell: "recurrent",
  CuDNNLSTM: "recurrent",
  CuDNNGRU: "recurrent",
  ConvLSTM2D: "recurrent",
  MultiHeadAttention: "transformer",
  BatchNormalization: "batch-norm",
};

/** Kinds of layers and training that a TensorFlow or Keras file shows, one fact a kind. */
export function collectKerasTraits(source: SourceIndex): readonly ModelTraitFact[] {
  const found = new Map(collectTorchTraits(source).map((fact) => [fact.trait, fact]));
  for (const { call, scope } of source.calls) {
    const name = terminalName(call.callee);
    if (name === null) continue;
    const range = { start: call.callee.start, end: call.callee.end };
    const trait = Object.hasOwn(layers, name) ? layers[name] : undefined;
    const full = tensorflowName(call.callee, scope);
    if (full === null) continue;
    if (trait !== undefined && !found.has(trait)) found.set(trait, { trait, shownBy: name, ...range });
    if (full.startsWith("keras.applications.") && /^[A-Z]/.test(name) && !found.has("pretrained")) {
      const weights = call.arguments.find((argument) => argument.name === "weights");
      if (weights?.value.kind !== "null") found.set("pretrained", { trait: "pretrained", shownBy: name, ...range });
    }
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}
