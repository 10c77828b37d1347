import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { resolve } from "../facts/resolve.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { FrameworkName } from "../facts/trainingFacts.ts";
import type { Expression } from "../syntax/tree.ts";
import { rangeOf } from "../text/range.ts";
import { certainCall } from "./certainCalls.ts";
import { layerActivation, modelOutput, outputLayer } from "./kerasOutputLayer.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** The cross-entropies of Keras, by their names without underscores and in lower case. */
const crossEntropies: Readonly<Record<string, LossCallFact["applies"]>> = {
  categoricalcrossentropy: "softmax",
  sparsecategoricalcrossentropy: "softmax",
  binarycrossentropy: "sigmoid",
};

/** The cross-entropies that a file compiles a model with, where the model's last layer is known. */
export function collectKerasLossCalls(source: SourceIndex): readonly LossCallFact[] {
  const facts: LossCallFact[] = [];
  for (const { call, scope } of source.callsByTerminalName.get("compile") ?? []) {
    if (call.callee.kind !== "attribute") continue;
    const given = argumentFor(call, "loss", 1);
    if (given === null || given === "unclear") continue;
    const loss = lossOf(given.value, scope);
    if (loss === null) continue;
    const model = certainCall(call.callee.object, scope);
    const layer = model === null ? null : modelOutput(model, call);
    const activation = layer === null ? null : layerActivation(layer);
    if (layer === null || activation === null) continue;
    facts.push({
      ...rangeOf(given),
      framework: "keras",
      ...loss,
      activation,
      activationRange: rangeOf(layer.call),
      operandRange: null,
    });
  }
  return [...facts, ...directLosses(source)];
}

/** `loss_object(labels, model(images))` of a loop of one's own. */
function directLosses(source: SourceIndex): readonly LossCallFact[] {
  const facts: LossCallFact[] = [];
  for (const { call, scope } of source.calls) {
    const prediction = argumentFor(call, "y_pred", 1);
    if (prediction === null || prediction === "unclear" || !/^(name|attribute)$/.test(call.callee.kind)) continue;
    const made = tensorflowName(call.callee, scope) === null ? certainCall(call.callee, scope) : null;
    const loss = made === null ? null : lossOf(made.call, made.scope);
    const layer = loss === null ? null : outputLayer(prediction.value, scope);
    const activation = layer === null ? null : layerActivation(layer);
    if (loss === null || layer === null || activation === null) continue;
    const place = { activation, activationRange: rangeOf(layer.call), operandRange: null };
    facts.push({ ...rangeOf(call), framework: "keras", ...loss, ...place });
  }
  return facts;
}

/**
 * `tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=tf.nn.softmax(x))`: TensorFlow's own cross-entropies of logits, where
 * the logits are an activation's output.
 */
export function collectTensorflowLossCalls(source: SourceIndex, framework: FrameworkName): readonly LossCallFact[] {
  const facts: LossCallFact[] = [];
  for (const { call, scope } of source.calls) {
    if (!/_cross_entropy_with_logits(_v2)?$/.test(terminalName(call.callee) ?? "")) continue;
    const loss = tensorflowName(call.callee, scope)?.match(
      /^tf\.nn\.((?:sparse_)?(softmax|sigmoid)_cross_entropy_with_logits(?:_v2)?)$/,
    );
    const logits = argumentFor(call, "logits", null);
    const applied = logits === null || logits === "unclear" ? null : certainCall(logits.value, scope);
    if (!loss?.[1] || applied === null) continue;
    const activation = tensorflowName(applied.call.callee, applied.scope)?.match(
      /^(?:tf|keras\.activations)(?:\.nn)?\.(softmax|sigmoid)$/,
    )?.[1];
    const operand = applied.call.arguments[0]?.value;
    if ((activation !== "softmax" && activation !== "sigmoid") || operand === undefined) continue;
    facts.push({
      ...rangeOf(call),
      framework,
      loss: loss[1],
      expects: "logits",
      applies: loss[2] === "sigmoid" ? "sigmoid" : "softmax",
      activation,
      activationRange: rangeOf(applied.call),
      operandRange: rangeOf(operand),
    });
  }
  return facts;
}

function lossOf(expression: Expression, scope: Scope): Pick<LossCallFact, "loss" | "expects" | "applies"> | null {
  if (expression.kind === "string") return named(expression.value ?? "", "probabilities");
  const reference = /^(name|attribute)$/.test(expression.kind) ? tensorflowName(expression, scope) : null;
  if (reference !== null) return named(reference.match(/^keras\.losses\.(\w+)$/)?.[1] ?? "", "probabilities");
  const made = certainCall(expression, scope);
  if (made === null) return null;
  const className = tensorflowName(made.call.callee, made.scope)?.match(/^keras\.losses\.([A-Z]\w+)$/)?.[1];
  if (className === undefined) return null;
  const given = argumentFor(made.call, "from_logits", 0);
  if (given === "unclear") return null;
  if (given === null) return named(className, "probabilities");
  const fromLogits = resolve(given.value, made.scope);
  if (!fromLogits.known || fromLogits.alternatives.length > 0) return null;
  return named(className, fromLogits.value === true ? "logits" : "probabilities");
}

function named(
  loss: string,
  expects: LossCallFact["expects"],
): Pick<LossCallFact, "loss" | "expects" | "applies"> | null {
  const key = loss.toLowerCase().replaceAll("_", "");
  const applies = Object.hasOwn(crossEntropies, key) ? crossEntropies[key] : undefined;
  return applies === undefined ? null : { loss, expects, applies };
}
