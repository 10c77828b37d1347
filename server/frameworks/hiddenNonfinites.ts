import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { HiddenNonfiniteFact } from "../facts/hiddenNonfiniteFacts.ts";
import { type CallSite, functionAround, type SourceIndex } from "../facts/scope.ts";
import type { TrainerFact } from "../facts/trainerFacts.ts";
import type { Expression } from "../syntax/tree.ts";

/** The filter of transformers' Trainer where it certainly is on: the first one of a file, for the others are the same. */
export function collectHiddenNonfinites(
  { text }: SourceIndex,
  trainers: readonly TrainerFact[],
): readonly HiddenNonfiniteFact[] {
  // Settings that are only evaluated, or whose Trainer never trains here, hide nothing.
  if (!/\.train\(/.test(text)) return [];
  const first = trainers.find(({ settings: { nonfiniteFilter } }) => {
    const resolved = nonfiniteFilter?.resolved;
    return resolved?.known === true && resolved.value === true && resolved.alternatives.length === 0;
  });
  if (first === undefined) return [];
  const { nameRange, constructorName, framework, start, end, settings } = first;
  const marked = settings.nonfiniteFilter?.range ?? nameRange;
  const place = { start: marked.start, end: marked.end, framework, call: { start, end } };
  return [{ ...place, how: "logging-filter", name: constructorName, lossText: null }];
}

/** `np.nan_to_num(loss)` and the like in code that trains. */
export function collectReplacedLosses(source: SourceIndex): readonly HiddenNonfiniteFact[] {
  if (!/\.backward\(|def training_step/.test(source.text)) return [];
  return (source.callsByTerminalName.get("nan_to_num") ?? []).flatMap((site) => {
    const { call } = site;
    const name = dottedText(call.callee);
    const isFunction = name !== null && /^(np|numpy|torch|jnp)\.nan_to_num$/.test(name);
    const loss = isFunction
      ? call.arguments[0]?.value
      : call.callee.kind === "attribute"
        ? call.callee.object
        : undefined;
    if (loss === undefined || !isLoss(loss) || !trainsOn(site)) return [];
    const { start, end } = call;
    const lossText = source.text.slice(loss.start, loss.end);
    return [
      {
        start,
        end,
        framework: "pytorch",
        how: "replaced",
        name: "nan_to_num",
        lossText,
        call: { start, end },
      } as const,
    ];
  });
}

/** The result takes the place of a loss, or is differentiated at once; what is only measured is left out. */
function trainsOn({ call, statement, context, scope }: CallSite): boolean {
  const around = functionAround(scope)?.definition.name ?? "";
  if (/eval|valid|test|predict/i.test(around)) return false;
  for (let each = context; each !== null; each = each.outer) {
    if (/no_grad|inference_mode/.test(scope.source.text.slice(each.value.start, each.value.end))) return false;
  }
  if (statement.kind === "assignment") return statement.value === call && statement.targets.some(isLoss);
  return (
    statement.kind === "expression" && /\.backward\(\)$/.test(scope.source.text.slice(statement.start, statement.end))
  );
}

/** `loss`, `self.loss`, `d_loss`, `loss.mean()`; of losses a sample, one that is no number may be left out on purpose. */
function isLoss(expression: Expression): boolean {
  if (expression.kind === "call" && expression.callee.kind === "attribute") {
    return /^(mean|sum)$/.test(expression.callee.name) && isLoss(expression.callee.object);
  }
  return /(^|_)loss$/i.test(terminalName(expression) ?? "");
}
