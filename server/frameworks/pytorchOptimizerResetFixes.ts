import type { OptimizerRestoreFact } from "../facts/optimizerRestoreFacts.ts";
import type { SchedulerFact } from "../facts/schedulerFacts.ts";
import type { OptimizerFact } from "../facts/trainingFacts.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { setOptimizerArgument } from "./pytorchOptimizerFixes.ts";
import { definitionAround, insertLinesAfter, insertLinesBefore, lineStart } from "./sourceLines.ts";

/**
 * The optimizer built anew with the same arguments right behind the place that restores its state; where nothing restores it, a
 * start from saved weights begins anew anyway, and the rate where it is built is lowered, with a line that says so.
 */
export function resetOptimizer(
  context: FixContext,
  optimizer: OptimizerFact,
  restore: OptimizerRestoreFact | null,
  rate: string | null,
): FixDraft | null {
  const { text } = context;
  const rates = optimizer.arguments.learningRate;
  if (restore === null) {
    if (hasRatesOfItsOwn(optimizer) || context.facts.schedulers.some(setsRate)) return null;
    const lowered = rate === null ? null : setOptimizerArgument(context, optimizer, "learningRate", rate);
    const line = lineStart(text, optimizer.start);
    const start = line + (/^[ \t]*/.exec(text.slice(line))?.[0].length ?? 0);
    const comment = insertLinesBefore(text, { start, end: optimizer.end }, [
      "# Reset at a tenth of the rate: starts from the last good weights, without the optimizer's old state.",
    ]);
    if (lowered === null || comment === null) return null;
    return { title: `Start a new ${optimizer.constructorName} at ${rate}`, edits: [comment, ...lowered.edits] };
  }
  // A schedule goes on with the optimizer that it was made for.
  if (context.facts.schedulers.length > 0 || optimizer.hasParameterGroups) return null;
  if (definitionAround(text, optimizer.start) !== definitionAround(text, restore.start)) return null;
  const built = constructorAt(text, optimizer, rate);
  if (built === null || rates === undefined) return null;
  const lines = insertLinesAfter(text, restore.statement, [
    "# Reset: built anew at a tenth of the rate, with the weights kept and the old moments dropped.",
    `${restore.optimizer} = ${built}`,
  ]);
  return lines === null
    ? null
    : { title: `Build ${optimizer.constructorName} anew after loading, at a tenth of the rate`, edits: [lines] };
}

/** Groups that are not to be seen to follow the optimizer's rate. */
function hasRatesOfItsOwn({ hasParameterGroups, parametersText }: OptimizerFact): boolean {
  const groups = parametersText ?? "";
  return hasParameterGroups && (!groups.startsWith("[") || /["']lr["']|\blr\s*=/.test(groups));
}

/** Begins at a rate of its own, whatever the optimizer's is (torch 2.13 optim/lr_scheduler.py). */
function setsRate({ constructorName }: SchedulerFact): boolean {
  return /^(OneCycleLR|CyclicLR)$/.test(constructorName);
}

/** The constructor's call on one line with a tenth of its rate; null where it cannot be written again. */
function constructorAt(text: string, optimizer: OptimizerFact, rate: string | null): string | null {
  const { learningRate } = optimizer.arguments;
  const call = text.slice(optimizer.start, optimizer.end);
  if (learningRate === undefined || /#/.test(call)) return null;
  const value = learningRate.valueRange;
  if (!learningRate.given)
    return rate === null ? null : oneLine(`${call.slice(0, -1).trimEnd()}, ${learningRate.keyword}=${rate})`);
  if (value === null || value.start < optimizer.start || value.end > optimizer.end) return null;
  const written = text.slice(value.start, value.end);
  const literal = /^[-+\d.]/.test(written)
    ? rate
    : /^[\w.]+$/.test(written)
      ? `0.1 * ${written}`
      : `0.1 * (${written})`;
  if (literal === null) return null;
  return oneLine(call.slice(0, value.start - optimizer.start) + literal + call.slice(value.end - optimizer.start));
}

function oneLine(call: string): string {
  return call
    .replace(/([([])\s*\n\s*/g, "$1")
    .replace(/,?\s*\n\s*\)$/, ")")
    .replace(/\s*\n\s*/g, " ")
    .replace(/,\s*,/g, ",");
}
