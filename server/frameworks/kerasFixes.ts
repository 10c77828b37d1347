import type { SchedulerFact } from "../facts/schedulerFacts.ts";
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
import {
  adamWForAdam,
  setOptimizerArgument as setCallArgument,
  turnOnAmsgrad as turnOnInCall,
} from "./pytorchOptimizerFixes.ts";
import { shuffleTrainingData } from "./shuffleFixes.ts";
import { lineContentEnd, lineEndOf } from "./sourceLines.ts";
import { canonicalTensorflowName } from "./tensorflowNames.ts";
import { clearTrainingFlag } from "./trainingFlags.ts";

/** Keras clips and decays by arguments of its optimizers. */
export const kerasFixes: Partial<FrameworkFixes> = {
  shuffleTrainingData,
  clipGradientNorm,
  setOptimizerArgument,
  decoupleWeightDecay,
  turnOnAmsgrad,
  warmUpSchedule,
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

/** AdamW came with TensorFlow 2.11, `lr` and `decay` are spellings of before; the legacy classes have none. */
function decoupleWeightDecay(context: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const { text } = context;
  const { start, end, nameRange, algorithm, constructorName } = optimizer;
  const title = "Use AdamW, which decouples the weight decay";
  if (algorithm !== "adam") return null;
  if (isNamed(text, optimizer)) {
    const quote = text[start] ?? "";
    return { title, edits: [{ start, end, newText: `${quote}adamw${quote}` }] };
  }
  const isOld =
    /\b(lr|decay)\s*=/.test(text.slice(nameRange.end, end)) || /legacy\.$/.test(text.slice(0, nameRange.start));
  if (constructorName !== "Adam" || isOld) return null;
  const modules = ["tensorflow.keras.optimizers", "tf_keras.optimizers", "keras.optimizers"];
  const edits = adamWForAdam(context, optimizer, modules);
  return edits === null ? null : { title, edits };
}

function turnOnAmsgrad(context: FixContext, optimizer: OptimizerFact): FixDraft | null {
  if (!isNamed(context.text, optimizer)) return turnOnInCall(context, optimizer);
  if (optimizer.arguments.amsgrad === undefined) return null;
  const edits = construct(context.text, context.facts, optimizer, "amsgrad=True");
  return edits === null ? null : { title: "Turn AMSGrad on with amsgrad=True", edits };
}

/** `CosineDecay` warms up by itself when told to: Keras 3.15 src/optimizers/schedules/learning_rate_schedule.py. */
function warmUpSchedule({ text }: FixContext, { start, end }: SchedulerFact): FixDraft | null {
  const parts =
    /^([\w.]*CosineDecay\((?:initial_learning_rate\s*=\s*)?)([\d.e-]+)(,\s*(?:decay_steps\s*=\s*)?[\w.]+\s*)\)$/.exec(
      text.slice(start, end),
    );
  if (parts === null) return null;
  const [, head, rate, steps] = parts;
  const newText = `${head}0.0${steps}, warmup_target=${rate}, warmup_steps=1000)`;
  return { title: "Raise the learning rate over the first 1000 steps of the cosine", edits: [{ start, end, newText }] };
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
