import type { GraphAccumulationFact, LossTermFact, TrainingFacts } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { torchName } from "./pytorchImports.ts";

/** `.item()` on the loss; `.detach()` where what is kept goes on as a tensor. */
export function detachLoss(_context: FixContext, accumulation: GraphAccumulationFact): FixDraft | null {
  const { lossRange, lossText, staysTensor } = accumulation;
  if (!/^[\w.]+$/.test(lossText)) return null;
  const newText = staysTensor ? ".detach()" : ".item()";
  const edit = { start: lossRange.end, end: lossRange.end, newText };
  const title = staysTensor
    ? `Leave the graph behind with ${lossText}.detach()`
    : `Keep the number alone with ${lossText}.item()`;
  return { title, edits: [edit] };
}

/** The stable form of a loss term; null where it is not written in one place. */
export function stabilizeLossTerm(context: FixContext, term: LossTermFact): FixDraft | null {
  switch (term.stableForm) {
    case "log-softmax":
      return logSoftmax(term);
    case "log-sigmoid":
      return logSigmoid(context, term);
    case "logsumexp":
      return logSumExp(term);
    case "clamp-min":
      return clamp(context, term);
    default:
      return null;
  }
}

function logSoftmax(term: LossTermFact): FixDraft | null {
  const { operandText } = term;
  const stable = /\bSoftmax\(/.test(operandText)
    ? operandText.replace(/\bSoftmax\(/, "LogSoftmax(")
    : operandText.replace(/\bsoftmax\(/, "log_softmax(");
  if (stable === operandText) return null;
  return { title: "Use log_softmax, which does not underflow", edits: [whole(term, stable)] };
}

function logSigmoid(context: FixContext, term: LossTermFact): FixDraft | null {
  const inner = term.operandText.match(/^[\w.]*\bsigmoid\(([\s\S]+)\)$/)?.[1];
  const method = term.operandText.match(/^([\s\S]+)\.sigmoid\(\)$/)?.[1];
  const argument = method ?? inner;
  const name = torchName(context, "torch.nn.functional", "logsigmoid");
  if (argument === undefined || name === null) return null;
  return {
    title: "Use logsigmoid, which does not underflow",
    edits: [...name.edits, whole(term, `${name.name}(${argument})`)],
  };
}

/** `torch.log(torch.sum(torch.exp(x), dim=1))` and `x.exp().sum(1).log()`, with the dimension given. */
function logSumExp(term: LossTermFact): FixDraft | null {
  const called = term.operandText.match(
    /^(\w+)\.sum\(\1\.exp\(([^()]+)\),\s*((?:dim|axis)=-?\d+|-?\d+)((?:,\s*keepdim=True)?)\)$/,
  );
  const chained = term.operandText.match(
    /^(?:torch\.exp\(([^()]+)\)|([\w.]+)\.exp\(\))\.sum\(((?:dim|axis)=-?\d+|-?\d+)((?:,\s*keepdim=True)?)\)$/,
  );
  const parts = called ?? chained;
  const operand = called?.[2] ?? chained?.[1] ?? chained?.[2];
  if (!parts || operand === undefined || parts[3] === undefined) return null;
  const stable = `torch.logsumexp(${operand}, ${parts[3].replace("axis", "dim")}${parts[4] ?? ""})`;
  return { title: "Use torch.logsumexp, which does not overflow", edits: [whole(term, stable)] };
}

function clamp({ facts }: FixContext, term: LossTermFact): FixDraft | null {
  const { operandText, operandRange, operation } = term;
  // 1 - 1e-8 is 1 in float32, whose numbers below 1 are 5.96e-8 apart.
  const floor = operation === "acos" ? "1e-6" : smallest(facts);
  const simple = /^[\w.]+$/.test(operandText) || isCallChain(operandText);
  const base = simple ? operandText : `(${operandText})`;
  const call = operation === "acos" ? `clamp(-1 + ${floor}, 1 - ${floor})` : `clamp_min(${floor})`;
  const edit: TextEdit = { start: operandRange.start, end: operandRange.end, newText: `${base}.${call}` };
  const title = operation === "acos" ? `Keep it off ±1 with ${call}` : `Keep it off zero with ${call}`;
  return { title, edits: [edit] };
}

/** Names, calls and parentheses joined by dots alone, so that one more call needs no parentheses: `(x**2).sum(dim=1)`. */
function isCallChain(code: string): boolean {
  let rest = code;
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/\([^()"']*\)|\[[^[\]"']*\]/, "¤");
  }
  return /^(¤|\w+¤*)(\.\w+¤*)*$/.test(rest) && rest.endsWith("¤");
}

/** 1e-8 is 0 in float16, whose smallest subnormal is 5.96e-8 (IEEE 754 binary16): 1e-6 survives there. */
function smallest(facts: TrainingFacts): string {
  return facts.precision.some(({ type }) => type !== "bfloat16") ? "1e-6" : "1e-8";
}

function whole(term: LossTermFact, newText: string): TextEdit {
  return { start: term.start, end: term.end, newText };
}
