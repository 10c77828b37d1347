import type { LossCallFact } from "../facts/lossCallFacts.ts";
import type { FixContext, FixDraft } from "./framework.ts";

/** Leaves out the activation that a loss of logits applies itself, where it is one call around the raw outputs; null elsewhere. */
export function leaveOutActivation({ text }: FixContext, lossCall: LossCallFact): FixDraft | null {
  const { expects, activation, activationRange, operandRange } = lossCall;
  if (expects !== "logits" || activation === "none" || operandRange === null) return null;
  const newText = text.slice(operandRange.start, operandRange.end);
  return { title: `Leave out ${activation} before ${lossCall.loss}`, edits: [{ ...activationRange, newText }] };
}

/** Tells a Keras loss the truth about its input: `from_logits`. */
export function correctFromLogits(context: FixContext, lossCall: LossCallFact): FixDraft | null {
  if (lossCall.operandRange !== null) return leaveOutActivation(context, lossCall);
  const { text } = context;
  const written = text.slice(lossCall.start, lossCall.end);
  if (lossCall.expects === "logits") {
    const flag = written.match(/from_logits\s*=\s*(True)\b/);
    if (flag?.index === undefined) return null;
    const end = lossCall.start + flag.index + flag[0].length;
    return { title: "Set from_logits=False", edits: [{ start: end - "True".length, end, newText: "False" }] };
  }
  if (lossCall.activation !== "none") return null;
  const flag = written.match(/from_logits\s*=\s*(False)\b/);
  if (flag?.index !== undefined) {
    const end = lossCall.start + flag.index + flag[0].length;
    return { title: "Set from_logits=True", edits: [{ start: end - "False".length, end, newText: "True" }] };
  }
  if (!written.endsWith("()")) return null;
  const at = lossCall.end - 1;
  return { title: "Set from_logits=True", edits: [{ start: at, end: at, newText: "from_logits=True" }] };
}
