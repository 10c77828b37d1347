import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { EvaluationModeFact } from "../facts/evaluationModeFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { type CallSite, functionAround, type SourceIndex } from "../facts/scope.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import type { LoopDraft } from "./trainingEvents.ts";
import { isValidationFunction, isValidationLoop } from "./validationPasses.ts";

/** Dropout that is left on at evaluation on purpose, and statistics that are gathered anew. */
const isMeant =
  /monte_?carlo|mc_?dropout|uncertain|bayes|ensembl|swag?\b|calibrat|recalc|precise_?bn|adversarial|style_?transfer/i;
const modeLayer = /\b(?:\w*Dropout\w*|\w*BatchNorm\w*|DropPath|StochasticDepth)\b/;

/** Validation passes that call a model of Keras with `training=True`, or one of flax with `train=True`. */
export function collectTrainingFlags(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
  framework: "keras" | "optax",
): readonly EvaluationModeFact[] {
  const [training] = drafts;
  if (training === undefined || isMeant.test(source.text)) return [];
  const flag = framework === "keras" ? /^training$/ : /^(train|training|is_training)$/;
  let code = source.text;
  for (const { start, end } of source.module.comments.toReversed()) code = code.slice(0, start) + code.slice(end);
  const layer = modeLayer.exec(code)?.[0] ?? null;
  return source.calls.flatMap((site): readonly EvaluationModeFact[] => {
    const { call, scope } = site;
    const given = call.arguments.find(({ name, value }) => {
      return name !== null && flag.test(name) && value.kind === "boolean" && value.value;
    });
    if (given === undefined || !isModelCall(site) || !isInValidation(site)) return [];
    const { callee } = call;
    const receiver = callee.kind === "attribute" && framework === "optax" ? callee.object : callee;
    return [
      {
        start: given.start,
        end: given.end,
        framework,
        fault: "told-to-train",
        recordsGraph: false,
        model: dottedText(receiver) ?? scope.source.text.slice(receiver.start, receiver.end),
        layer,
        training: { start: training.header.start, end: training.header.end },
        edit: { validation: null, models: [], trainBefore: null },
      },
    ];
  });
}

/** Neither a layer of the library nor the making of a model. */
function isModelCall({ call, scope }: CallSite): boolean {
  const name = terminalName(call.callee) ?? "";
  if (!/^(name|attribute)$/.test(call.callee.kind) || qualifiedName(call.callee, scope) !== null) return false;
  return (
    !/^(init|create|get|load|make|build|partial|dict|[A-Z])/.test(name) &&
    !/data|loader|batch|iter|augment|preprocess/i.test(name)
  );
}

/** In a function that is called a validation, or in a loop over validation data, and not where gradients are taken. */
function isInValidation({ call, scope, loop, context }: CallSite): boolean {
  const { text } = scope.source;
  for (let around = context; around !== null; around = around.outer) {
    if (/GradientTape/.test(text.slice(around.value.start, around.value.end))) return false;
  }
  const callable = functionAround(scope);
  if (callable !== null) {
    const { definition } = callable;
    if (/train/i.test(definition.name)) return false;
    if (/\bgrad\b|value_and_grad|GradientTape/.test(text.slice(definition.start, definition.end))) return false;
    if (isValidationFunction(definition.name)) return true;
  }
  return loop !== null && loop.start < call.start && isValidationLoop(loop, scope, true, false);
}

/** The flag turned over. */
export function clearTrainingFlag({ text }: FixContext, { fault, start, end }: EvaluationModeFact): FixDraft | null {
  if (fault !== "told-to-train" || !text.slice(start, end).endsWith("True")) return null;
  return {
    title: "Tell the model that it does not train",
    edits: [{ start: end - "True".length, end, newText: "False" }],
  };
}
