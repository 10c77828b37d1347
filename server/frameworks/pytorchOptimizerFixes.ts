import type { OptimizerFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { literalBehind } from "./literalBehind.ts";
import { lineStart } from "./sourceLines.ts";

/** AdamW for Adam; the flag for NAdam and RAdam, which have no class of their own for it. */
export function decoupleWeightDecay(context: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const { algorithm } = optimizer;
  if (algorithm === "nadam" || algorithm === "radam") {
    if (optimizer.arguments.decoupledWeightDecay?.given !== false) return null;
    const edits = appendArgument(context.text, optimizer, "decoupled_weight_decay=True");
    return { title: "Decouple the weight decay with decoupled_weight_decay=True", edits };
  }
  if (algorithm !== "adam" || optimizer.arguments.decoupledWeightDecay?.given === true) return null;
  return switchToAdamW(context, optimizer);
}

function switchToAdamW(context: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const edits = adamWForAdam(context, optimizer, ["torch.optim"]);
  return edits === null ? null : { title: "Use AdamW, which decouples the weight decay", edits };
}

/** AdamW of the same module in the place of Adam, with its import where it needs one. */
export function adamWForAdam(
  context: FixContext,
  optimizer: OptimizerFact,
  modules: readonly string[],
): readonly TextEdit[] | null {
  const edits = renamed(context, optimizer, modules);
  const isCalled = edits?.some((edit) => edit.start === optimizer.nameRange.start) === true;
  return edits !== null && isCalled ? [...edits, ...aligned(context.text, optimizer, 1)] : edits;
}

/** More columns for lines that are aligned with what the opening parenthesis is followed by, where more is written before it. */
export function aligned(text: string, { nameRange, end }: OptimizerFact, columns: number): readonly TextEdit[] {
  const open = text.indexOf("(", nameRange.end);
  const call = text.slice(open, end);
  if (open < 0 || open > end || !call.includes("\n") || /"""|'''/.test(call)) return [];
  const column = open + 1 - lineStart(text, open);
  const edits: TextEdit[] = [];
  for (let at = text.indexOf("\n", open); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) {
    const indentation = /^ */.exec(text.slice(at + 1))?.[0].length ?? 0;
    if (indentation < column) return [];
    edits.push({ start: at + 1, end: at + 1, newText: " ".repeat(columns) });
  }
  return edits;
}

function renamed(
  { text, facts }: FixContext,
  { nameRange }: OptimizerFact,
  modules: readonly string[],
): readonly TextEdit[] | null {
  const written = text.slice(nameRange.start, nameRange.end);
  const rename = { start: nameRange.start, end: nameRange.end, newText: "AdamW" };
  if (written === "Adam" && text[nameRange.start - 1] === ".") return [rename];
  const imported = facts.imports.find((each) => each.local === written && each.imported === "Adam");
  if (imported === undefined) {
    const isStar = facts.imports.some((each) => each.imported === "*" && modules.includes(each.module));
    return written === "Adam" && isStar ? [rename] : null;
  }
  const { module } = imported;
  const present = facts.imports.find((each) => each.imported === "AdamW" && each.module === module);
  if (present !== undefined) return [{ ...rename, newText: present.local }];
  // `from torch.optim.adam import Adam` has no AdamW beside it.
  if (!modules.includes(module)) return null;
  if (imported.uses > 1) return [{ start: imported.end, end: imported.end, newText: ", AdamW" }, rename];
  const inImport = { start: imported.start, end: imported.start + "Adam".length, newText: "AdamW" };
  return written === "Adam" ? [inImport, rename] : [inImport];
}

/** `amsgrad=True`, appended or in the place of False; null for optimizers without it, and where its value comes from elsewhere. */
export function turnOnAmsgrad({ text }: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const argument = optimizer.arguments.amsgrad;
  if (argument?.resolved.known !== true || argument.resolved.value === true) return null;
  const title = "Turn AMSGrad on with amsgrad=True";
  const { valueRange } = argument;
  if (valueRange !== null) {
    return text.slice(valueRange.start, valueRange.end) === "False"
      ? { title, edits: [{ start: valueRange.start, end: valueRange.end, newText: "True" }] }
      : null;
  }
  if (argument.given || text[optimizer.end - 1] !== ")" || isBareGenerator(text, optimizer)) return null;
  return { title, edits: appendArgument(text, optimizer, "amsgrad=True") };
}

/** Replaces the number where it is written, or appends the argument; null where its value comes from elsewhere. */
export function setOptimizerArgument(
  context: FixContext,
  optimizer: OptimizerFact,
  name: "eps" | "learningRate",
  literal: string,
): FixDraft | null {
  const { text } = context;
  const argument = optimizer.arguments[name];
  if (argument === undefined) return null;
  const title = `Set ${argument.keyword}=${literal}`;
  if (argument.given) {
    const range = literalBehind(context, argument);
    return range === null ? null : { title, edits: [{ ...range, newText: literal }] };
  }
  // `eps=None` asks for the default, and a second `eps` would be an error.
  if (new RegExp(`\\b${argument.keyword}\\s*=`).test(text.slice(optimizer.nameRange.end, optimizer.end))) return null;
  if (isBareGenerator(text, optimizer)) return null;
  return { title, edits: appendArgument(text, optimizer, `${argument.keyword}=${literal}`) };
}

/** `Adam(p for p in …)`: a generator without parentheses of its own must be the only argument. */
function isBareGenerator(text: string, { nameRange, end, parametersText }: OptimizerFact): boolean {
  return parametersText !== null && / for /.test(parametersText) && text.slice(nameRange.end, end) === parametersText;
}
