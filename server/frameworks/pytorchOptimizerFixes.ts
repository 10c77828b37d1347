import type { OptimizerFact } from "../facts/trainingFacts.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { literalBehind } from "./literalBehind.ts";

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

function switchToAdamW({ text, facts }: FixContext, { nameRange }: OptimizerFact): FixDraft | null {
  const title = "Use AdamW, which decouples the weight decay";
  const written = text.slice(nameRange.start, nameRange.end);
  const rename = { start: nameRange.start, end: nameRange.end, newText: "AdamW" };
  if (written === "Adam" && text[nameRange.start - 1] === ".") return { title, edits: [rename] };
  const imported = facts.imports.find((each) => each.local === written && each.imported === "Adam");
  if (imported === undefined) {
    const isStar = facts.imports.some((each) => each.imported === "*" && each.module === "torch.optim");
    return written === "Adam" && isStar ? { title, edits: [rename] } : null;
  }
  const { module } = imported;
  const present = facts.imports.find((each) => each.imported === "AdamW" && each.module === module);
  if (present !== undefined) return { title, edits: [{ ...rename, newText: present.local }] };
  // `from torch.optim.adam import Adam` has no AdamW beside it.
  if (module !== "torch.optim") return null;
  if (imported.uses > 1) {
    return { title, edits: [{ start: imported.end, end: imported.end, newText: ", AdamW" }, rename] };
  }
  const inImport = { start: imported.start, end: imported.start + "Adam".length, newText: "AdamW" };
  return { title, edits: written === "Adam" ? [inImport, rename] : [inImport] };
}

/** Replaces the number where it is written, or appends the argument; null where its value comes from elsewhere. */
export function setOptimizerArgument(
  { text }: FixContext,
  optimizer: OptimizerFact,
  name: "eps" | "learningRate",
  literal: string,
): FixDraft | null {
  const argument = optimizer.arguments[name];
  if (argument === undefined) return null;
  const title = `Set ${argument.keyword}=${literal}`;
  if (argument.given) {
    const range = literalBehind(text, argument);
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
