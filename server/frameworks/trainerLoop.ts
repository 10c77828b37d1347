import type { CallSite } from "../facts/scope.ts";
import type { FrameworkName, TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";

/** The loop that a trainer runs and that clips nothing, told of at the place that says so. */
export function trainerLoop(
  framework: FrameworkName,
  { call, statement, depth }: CallSite,
  marked: TextRange,
  optimizers: readonly number[],
): TrainingLoopFact {
  const range = { start: call.start, end: call.end };
  return loopOf(framework, range, marked, statement, depth > 0, optimizers);
}

/** The loop that a configuration stands for, told of at one of its entries. */
export function dictionaryLoop(
  framework: FrameworkName,
  { start, end }: TextRange,
  marked: TextRange,
  optimizers: readonly number[],
): TrainingLoopFact {
  return loopOf(framework, { start, end }, marked, marked, false, optimizers);
}

function loopOf(
  framework: FrameworkName,
  range: TextRange,
  marked: TextRange,
  statement: TextRange,
  conditional: boolean,
  optimizers: readonly number[],
): TrainingLoopFact {
  const header = { start: marked.start, end: marked.end };
  const place = {
    ...header,
    statement: { start: statement.start, end: statement.end },
    subject: null,
    conditional,
    inlined: false,
  };
  const events: readonly TrainingEvent[] = [
    { ...place, kind: "zero-grad", optimizers: [] },
    { ...place, kind: "backward", optimizers: [] },
    { ...place, kind: "optimizer-step", optimizers },
  ];
  return {
    ...range,
    framework,
    header,
    events,
    optimizers,
    gradScaler: null,
    gradScalerEnabled: { known: true, value: false, alternatives: [], chain: [], overridable: false },
    wrappedBy: null,
    accumulates: false,
  };
}
