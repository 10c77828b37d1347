import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import type { LossCallFact } from "../facts/lossCallFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { certainCall } from "./certainCalls.ts";
import { outputActivation } from "./pytorchOutputActivation.ts";

type Kind = Pick<LossCallFact, "expects" | "applies">;

/** Losses of torch.nn and torch.nn.functional, with what they take. Source: torch 2.13 `nn/modules/loss.py`. */
export const torchLosses: Readonly<Record<string, Kind>> = {
  CrossEntropyLoss: { expects: "logits", applies: "softmax" },
  cross_entropy: { expects: "logits", applies: "softmax" },
  BCEWithLogitsLoss: { expects: "logits", applies: "sigmoid" },
  binary_cross_entropy_with_logits: { expects: "logits", applies: "sigmoid" },
  NLLLoss: { expects: "log-probabilities", applies: "softmax" },
  nll_loss: { expects: "log-probabilities", applies: "softmax" },
  BCELoss: { expects: "probabilities", applies: "sigmoid" },
  binary_cross_entropy: { expects: "probabilities", applies: "sigmoid" },
};

const anyLoss = new RegExp(Object.keys(torchLosses).join("|"));

/** The classification losses of a file whose input is known down to its last activation. */
export function collectTorchLossCalls(source: SourceIndex): readonly LossCallFact[] {
  if (!anyLoss.test(source.text)) return [];
  const facts: LossCallFact[] = [];
  const named = lossNames(source);
  for (const site of source.calls) {
    const { call, scope } = site;
    if (!isNamedLoss(call.callee, named)) continue;
    const input = argumentFor(call, "input", 0);
    if (input === null || input === "unclear" || call.arguments.length < 2) continue;
    const loss = lossOf(site);
    const kind = loss === null || !Object.hasOwn(torchLosses, loss) ? undefined : torchLosses[loss];
    if (loss === null || kind === undefined) continue;
    const output = outputActivation(input.value, scope);
    if (output === null) continue;
    facts.push({ start: call.start, end: call.end, framework: "pytorch", loss, ...kind, ...output });
  }
  return facts;
}

/** What the file's classification losses are bound to, by the last part of the name. */
function lossNames({ callsByTerminalName }: SourceIndex): ReadonlySet<string> {
  const made = Object.keys(torchLosses).flatMap((name) => callsByTerminalName.get(name) ?? []);
  return new Set(made.flatMap((site) => boundTo(site)?.split(".").at(-1) ?? []));
}

/** Whether a callee can be a loss by its name: only then what it stands for is looked up. */
function isNamedLoss(callee: Expression, named: ReadonlySet<string>): boolean {
  if (callee.kind === "call") return true;
  const name = terminalName(callee);
  return (
    name !== null && (named.has(name) || Object.hasOwn(torchLosses, name) || /loss|crit|entropy|bce|nll/i.test(name))
  );
}

/** `F.cross_entropy(…)`, `nn.CrossEntropyLoss()(…)`, and `criterion(…)` of a name that is certainly one loss. */
function lossOf({ call, scope }: CallSite): string | null {
  const { callee } = call;
  const functional = qualifiedName(callee, scope)?.match(/^torch\.nn\.functional\.(\w+)$/)?.[1];
  if (functional !== undefined) return functional;
  const made = callee.kind === "call" ? { call: callee, scope } : certainCall(callee, scope);
  if (made === null) return null;
  return qualifiedName(made.call.callee, made.scope)?.match(/^torch\.nn\.(?:modules\.(?:\w+\.)?)?(\w+)$/)?.[1] ?? null;
}
