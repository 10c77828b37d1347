import type {
  LossTermFact,
  OptimizerFact,
  TrainingEvent,
  TrainingFacts,
  TrainingLoopFact,
} from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import { removeAnomalyDetection } from "./anomalyDetection.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft, FrameworkFixes } from "./framework.ts";
import { trackOptimizer } from "./kerasCheckpoints.ts";
import { kerasOptimizers } from "./kerasDefaults.ts";
import { reduceOnPlateau, stopOnNaN } from "./kerasUnguardedFits.ts";
import { correctFromLogits } from "./lossInputFixes.ts";
import { setOptimizerArgument as setCallArgument } from "./pytorchOptimizerFixes.ts";
import { shuffleTrainingData } from "./shuffleFixes.ts";
import { lineContentEnd, lineEndOf } from "./sourceLines.ts";
import { canonicalTensorflowName } from "./tensorflowNames.ts";
import { clearTrainingFlag } from "./trainingFlags.ts";

/** Keras clips and decays by arguments of its optimizers. */
export const kerasFixes: Partial<FrameworkFixes> = {
  shuffleTrainingData,
  clipGradientNorm,
  setOptimizerArgument,
  saveState: trackOptimizer,
  stabilizeLossTerm,
  correctLossInput: correctFromLogits,
  guardStep: stopOnNaN,
  scheduleRate: reduceOnPlateau,
  setEvaluationMode: clearTrainingFlag,
  removeAnomalyDetection,
};

function clipGradientNorm(
  { text, facts }: FixContext,
  _loop: TrainingLoopFact,
  step: TrainingEvent,
  maximumNorm: number,
): FixDraft | null {
  const [index, ...others] = step.optimizers;
  const optimizer = index === undefined ? undefined : facts.optimizers[index];
  if (optimizer === undefined || optimizer.framework !== "keras" || others.length > 0) return null;
  // `lr` and `decay` are spellings of releases that may lack `global_clipnorm`; `clipnorm` is in all of them.
  const isOld = optimizer.arguments.learningRate?.keyword === "lr";
  const argument = `${isOld ? "clipnorm" : "global_clipnorm"}=${maximumNorm.toFixed(1)}`;
  const title = `Clip the gradient norm to ${maximumNorm.toFixed(1)} with ${argument}`;
  const edits = isNamed(text, optimizer)
    ? construct(text, facts, optimizer, argument)
    : appendArgument(text, optimizer, argument);
  return edits === null ? null : { title, edits };
}

function setOptimizerArgument(
  context: FixContext,
  optimizer: OptimizerFact,
  name: "eps" | "learningRate",
  literal: string,
): FixDraft | null {
  if (!isNamed(context.text, optimizer)) return setCallArgument(context, optimizer, name, literal);
  const argument = optimizer.arguments[name];
  if (argument === undefined) return null;
  const written = `${argument.keyword}=${literal}`;
  const edits = construct(context.text, context.facts, optimizer, written);
  return edits === null ? null : { title: `Set ${written}`, edits };
}

/** Given as a name, `optimizer="adam"`, rather than built. */
function isNamed(text: string, { start }: OptimizerFact): boolean {
  return /["']/.test(text[start] ?? "");
}

/** A constructor in the place of the optimizer's name, spelled as the file spells Keras, with an import where it needs one. */
function construct(
  text: string,
  facts: TrainingFacts,
  { start, end, algorithm }: OptimizerFact,
  argument: string,
): readonly TextEdit[] | null {
  const className = kerasOptimizers[algorithm]?.className;
  if (className === undefined) return null;
  const place = (name: string): TextEdit => ({ start, end, newText: `${name}(${argument})` });
  const imports = facts.imports.flatMap((each) => {
    const whole = each.imported === null ? moduleBound(each.module, each.local) : `${each.module}.${each.imported}`;
    return [{ ...each, whole, canonical: canonicalTensorflowName(whole) }];
  });
  const own = imports.find(({ canonical }) => canonical === `keras.optimizers.${className}`);
  if (own !== undefined) return [place(own.local)];
  const room = imports.find(({ whole }) => /^(tensorflow\.keras|tf_keras|keras)\.optimizers$/.test(whole));
  if (room !== undefined) return [place(`${room.local}.${className}`)];
  const keras = imports.find(({ whole }) => /^(tensorflow\.keras|tf_keras|keras)$/.test(whole));
  if (keras !== undefined) return [place(`${keras.local}.optimizers.${className}`)];
  const tensorflow = imports.find(({ whole }) => whole === "tensorflow");
  if (tensorflow !== undefined) return [place(`${tensorflow.local}.keras.optimizers.${className}`)];
  const last = imports.findLast(
    ({ canonical, statement }) => canonical?.startsWith("keras.") && isOneLine(text, statement),
  );
  const root = last?.module.match(/^(tensorflow\.keras|tf_keras|keras)\b/)?.[1];
  if (last === undefined || root === undefined || text[last.statement.start - 1] === " ") return null;
  const at = lineContentEnd(text, last.statement.end);
  const newText = `${lineEndOf(text)}from ${root}.optimizers import ${className}`;
  return [{ start: at, end: at, newText }, place(className)];
}

/** `import tensorflow.keras` binds `tensorflow`, `import tensorflow.keras as keras` the whole. */
function moduleBound(module: string, local: string): string {
  return module.startsWith(`${local}.`) ? local : module;
}

function isOneLine(text: string, { start, end }: { readonly start: number; readonly end: number }): boolean {
  return !text.slice(start, end).includes("\n");
}

/** `tf.math.log(tf.nn.softmax(x))` as `tf.nn.log_softmax(x)`; null for other forms. */
function stabilizeLossTerm({ text }: FixContext, term: LossTermFact): FixDraft | null {
  const parts = term.operandText.match(/^([\w.]+)\.softmax\(([^(),]+)\)$/);
  if (term.stableForm !== "log-softmax" || parts === null || !/^\w+(\.\w+)*\.nn$/.test(parts[1] ?? "")) return null;
  if (!text.slice(term.start, term.end).endsWith(")")) return null;
  const edit = { start: term.start, end: term.end, newText: `${parts[1]}.log_softmax(${parts[2]})` };
  return { title: "Use log_softmax, which does not underflow", edits: [edit] };
}
