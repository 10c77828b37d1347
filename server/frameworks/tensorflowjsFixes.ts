import type {
  GraphAccumulationFact,
  LossTermFact,
  OptimizerFact,
  TrainingEvent,
  TrainingFacts,
  TrainingLoopFact,
} from "../facts/trainingFacts.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft, FrameworkFixes } from "./framework.ts";
import { literalBehind } from "./literalBehind.ts";
import { noFixes } from "./noFixes.ts";
import { shuffleTrainingData } from "./shuffleFixes.ts";
import { lineEndOf, lineStart } from "./sourceLines.ts";
import { correctTfjsLossInput } from "./tensorflowjsLossCalls.ts";

/** TensorFlow.js clips nowhere by itself, has no weight decay and accumulates no gradients: those fixes have no meaning here. */
export const tensorflowjsFixes: FrameworkFixes = {
  ...noFixes,
  shuffleTrainingData,
  clipGradientNorm,
  setOptimizerArgument,
  detachLoss,
  stabilizeLossTerm,
  correctLossInput: correctTfjsLossInput,
};

/** Gradients scaled to the norm between `variableGrads` and `applyGradients`; null for `fit`, which shows no gradients. */
function clipGradientNorm(
  { text, facts }: FixContext,
  _loop: TrainingLoopFact,
  step: TrainingEvent,
  maximumNorm: number,
): FixDraft | null {
  const tf = libraryName(text, facts);
  const call = text.slice(step.start, step.end);
  const parts = call.match(/^([\w.]+)\.(minimize|applyGradients)\(([\s\S]*)\)$/);
  if (tf === null || parts === null) return null;
  const [, optimizer, method, inner] = parts;
  if (optimizer === undefined || inner === undefined) return null;
  const given = splitArguments(inner);
  const [first, returnsCost, variables] = given;
  if (first === undefined || given.length > 3) return null;
  const indentation = text.slice(lineStart(text, step.start)).match(/^[ \t]*/)?.[0] ?? "";
  const unit = indentationUnit(text);
  const end = /;\s*$/m.test(text) ? ";" : "";
  const lines: string[] = [];
  if (method === "minimize") {
    const source = variables === undefined ? first : `${first}, ${variables}`;
    const names =
      returnsCost === "true" || (returnsCost !== undefined && returnsCost !== "false")
        ? "{ value, grads }"
        : "{ grads }";
    lines.push(`const ${names} = ${tf}.variableGrads(${nested(source, unit)})${end}`);
    lines.push(`const gradients = Object.entries(grads)${end}`);
  } else lines.push(`const gradients = Object.entries(${first})${end}`);
  lines.push(
    `const globalNorm = ${tf}.addN(gradients.map(([, gradient]) => gradient.square().sum())).sqrt()${end}`,
    `const clipScale = ${tf}.minimum(1, ${tf}.div(${maximumNorm}, globalNorm.add(1e-6)))${end}`,
    `${optimizer}.applyGradients(`,
    `${unit}Object.fromEntries(gradients.map(([name, gradient]) => [name, gradient.mul(clipScale)])),`,
    `)${end}`,
  );
  if (method === "minimize" && returnsCost === "true") lines.push(`return value${end}`);
  else if (method === "minimize" && returnsCost !== undefined && returnsCost !== "false") {
    lines.push(`return ${returnsCost} ? value : null${end}`);
  }
  const eol = lineEndOf(text);
  const body = lines.map((line) => `${indentation}${unit}${line}${eol}`).join("");
  const newText = `${tf}.tidy(() => {${eol}${body}${indentation}})`;
  const title = `Clip the gradient norm to ${maximumNorm.toFixed(1)} before ${optimizer} applies the gradients`;
  return { title, edits: [{ start: step.start, end: step.end, newText }] };
}

/** A function over several lines moves in by one step; template literals keep their text. */
function nested(source: string, unit: string): string {
  return source.includes("`") ? source : source.replace(/\n(?=[^\r\n])/g, `\n${unit}`);
}

function indentationUnit(text: string): string {
  const first = text.match(/\n([ \t]+)\S/)?.[1] ?? "  ";
  return first.startsWith("\t") ? "\t" : first.length >= 4 && first.length % 4 === 0 ? "    " : "  ";
}

/** Top-level arguments of a call's inner text, trimmed; strings and brackets are stepped over. */
function splitArguments(inner: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let quote: string | null = null;
  for (let at = 0; at < inner.length; at += 1) {
    const character = inner[at] ?? "";
    if (quote !== null) {
      if (character === "\\") at += 1;
      else if (character === quote) quote = null;
    } else if (character === "/" && (inner[at + 1] === "/" || inner[at + 1] === "*")) {
      const close = inner[at + 1] === "/" ? inner.indexOf("\n", at) : inner.indexOf("*/", at + 2) + 1;
      at = close <= 0 ? inner.length : close;
    } else if (/["'`]/.test(character)) quote = character;
    else if (/[([{]/.test(character)) depth += 1;
    else if (/[)\]}]/.test(character)) depth -= 1;
    else if (character === "," && depth === 0) {
      parts.push(inner.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = inner.slice(start).trim();
  return last === "" ? parts : [...parts, last];
}

/** Epsilon is the fourth argument and the rate the first: what stands before is written out with its default. */
function setOptimizerArgument(
  context: FixContext,
  optimizer: OptimizerFact,
  name: "eps" | "learningRate",
  literal: string,
): FixDraft | null {
  const { text, facts } = context;
  const argument = optimizer.arguments[name];
  if (argument === undefined) return null;
  const title = name === "eps" ? `Set epsilon to ${literal}` : `Set the learning rate to ${literal}`;
  if (argument.given) {
    const range = literalBehind(context, argument);
    return range === null ? null : { title, edits: [{ ...range, newText: literal }] };
  }
  if (optimizer.algorithm !== "adam" && name === "eps") return null;
  const order = ["learningRate", "beta1", "beta2", "eps"] as const;
  const written: string[] = [];
  for (const each of order.slice(0, order.indexOf(name) + 1)) {
    const before = optimizer.arguments[each];
    if (before === undefined) return null;
    if (each === name) written.push(literal);
    else if (!before.given && before.resolved.known) written.push(String(before.resolved.value));
  }
  if (!optimizer.constructorName.startsWith("train.")) {
    const tf = libraryName(text, facts);
    if (tf === null) return null;
    const newText = `${tf}.train.${optimizer.algorithm}(${written.join(", ")})`;
    return { title, edits: [{ start: optimizer.start, end: optimizer.end, newText }] };
  }
  // An explicit null or undefined stands in the place of epsilon.
  if (/\b(null|undefined)\s*,?\s*\)$/.test(text.slice(optimizer.start, optimizer.end))) return null;
  return { title, edits: appendArgument(text, optimizer, written.join(", ")) };
}

function detachLoss(_context: FixContext, { lossRange, lossText }: GraphAccumulationFact): FixDraft | null {
  if (!/^[\w.]+$/.test(lossText)) return null;
  const edit = { start: lossRange.end, end: lossRange.end, newText: ".dataSync()[0]" };
  return { title: `Keep the number alone with ${lossText}.dataSync()[0]`, edits: [edit] };
}

function stabilizeLossTerm({ text, facts }: FixContext, term: LossTermFact): FixDraft | null {
  const { operandText, operandRange, operation, stableForm } = term;
  const tf = libraryName(text, facts);
  const softmax = operandText.match(/^(?:[\w.]+\.softmax\(([^(),]+)\)|([\w.]+)\.softmax\(\))$/);
  const operand = softmax?.[1] ?? softmax?.[2];
  if (stableForm === "log-softmax" && operand !== undefined && tf !== null) {
    const edit = { start: term.start, end: term.end, newText: `${tf}.logSoftmax(${operand})` };
    return { title: "Use logSoftmax, which does not underflow", edits: [edit] };
  }
  if (operation !== "log" && operation !== "sqrt") return null;
  const base = /^[\w.]+(\([^()]*\))?$/.test(operandText) ? operandText : `(${operandText})`;
  if (/^\(.*[-+*/]/.test(base) && !/[.(]/.test(operandText)) return null;
  const edit = { start: operandRange.start, end: operandRange.end, newText: `${base}.add(1e-7)` };
  return { title: "Keep it off zero with add(1e-7)", edits: [edit] };
}

/** What the file calls the library: `tf` of `import * as tf`, or the global of a script tag. */
function libraryName(text: string, facts: TrainingFacts): string | null {
  const imported = facts.imports.find(
    ({ module, imported: name }) => module.startsWith("@tensorflow/tfjs") && (name === null || name === "default"),
  );
  if (imported !== undefined) return imported.local;
  return /(?<![\w.])tf\.\w/.test(text) ? "tf" : null;
}
