import { calledFunction, callSitesOf } from "../facts/calledFunctions.ts";
import { terminalName } from "../facts/dottedText.ts";
import { resolve } from "../facts/resolve.ts";
import { type FunctionInfo, functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Expression, Loop, Statement } from "../syntax/tree.ts";
import { walkExpressions, walkStatements } from "../syntax/walk.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** Where a file trains: its training loops, and the loops over epochs around them. */
export interface TrainingLevels {
  /** The loop over epochs around a training loop, in its function or where that is called; null where none is found. */
  readonly epochLoopOf: (draft: LoopDraft) => { readonly loop: Loop; readonly scope: Scope } | null;
  /** The statement of a body that holds or calls a whole training loop, the first in order. */
  readonly trainingStatementIn: (body: readonly Statement[], scope: Scope) => Statement | null;
}

const maximumDepth = 4;

export function trainingLevels(source: SourceIndex, drafts: readonly LoopDraft[]): TrainingLevels {
  const loops = new Map(drafts.flatMap((draft) => (draft.loop === null ? [] : [[draft.loop, draft] as const])));
  const trains = new Map<FunctionInfo, boolean>();

  function holdsTraining(statement: Statement, scope: Scope, depth: number): boolean {
    let found = false;
    walkStatements([statement], (each) => {
      if (each.kind === "function" || each.kind === "class") return "skip";
      if (each.kind === "loop" && loops.has(each)) found = true;
      return undefined;
    });
    if (found || depth > maximumDepth) return found;
    walkExpressions(statement, (expression) => {
      if (expression.kind === "lambda" || found) return "skip";
      if (expression.kind !== "call") return undefined;
      const called = calledFunction(expression, scope);
      if (called !== null && functionTrains(called, depth + 1)) found = true;
      return undefined;
    });
    return found;
  }

  function functionTrains(callable: FunctionInfo, depth: number): boolean {
    const known = trains.get(callable);
    if (known !== undefined) return known;
    // Recursion meets this and ends.
    trains.set(callable, false);
    const found = callable.definition.body.some((statement) => holdsTraining(statement, callable.scope, depth));
    trains.set(callable, found);
    return found;
  }

  /** The innermost loop around a place of a body that is none of the training loops. */
  function loopAround(start: number, scope: Scope): Loop | null {
    const body = scope.node?.kind === "function" ? scope.node.body : source.module.body;
    let found: Loop | null = null;
    walkStatements(body, (statement) => {
      if (statement.kind === "function" || statement.kind === "class") return "skip";
      if (statement.kind === "loop" && statement.start < start && start < statement.end && !loops.has(statement)) {
        found = statement;
      }
      return undefined;
    });
    return found;
  }

  function epochLoopOf(draft: LoopDraft): { readonly loop: Loop; readonly scope: Scope } | null {
    if (draft.loop === null) return null;
    return around(draft.loop.start, draft.scope, 0);
  }

  function around(start: number, scope: Scope, depth: number): { readonly loop: Loop; readonly scope: Scope } | null {
    const own = loopAround(start, scope);
    if (own !== null) return { loop: own, scope };
    const callable = functionAround(scope);
    if (callable === null || depth > maximumDepth) return null;
    const sites = callSitesOf(callable);
    const found = sites.map(({ call, scope: from }) => around(call.start, from, depth + 1));
    // One caller that does not repeat it, such as a test, says nothing about the others.
    return found.find((each) => each !== null) ?? null;
  }

  return {
    epochLoopOf,
    trainingStatementIn: (body, scope) => body.find((statement) => holdsTraining(statement, scope, 0)) ?? null,
  };
}

/** How often `for epoch in range(n)` runs, by default where an option says so; null when it is not known. */
export function rangeLength(loop: Loop, scope: Scope): number | null {
  const bounds = rangeBounds(loop.iterable);
  if (bounds === null) return null;
  // A start that is not known is where a resumed run goes on: the schedule counts from zero all the same.
  const start = bounds[0] === null ? 0 : (numberOf(bounds[0], scope) ?? 0);
  const stop = numberOf(bounds[1], scope);
  return stop !== null && stop > start ? stop - start : null;
}

/** Start (null for zero) and stop of a `range`, also inside `tqdm` and `trange`. */
export function rangeBounds(iterable: Expression | null): readonly [Expression | null, Expression] | null {
  if (iterable?.kind !== "call") return null;
  const name = terminalName(iterable.callee) ?? "";
  const [first, second, third] = iterable.arguments;
  if (first === undefined) return null;
  if (/^(tqdm|track|progress_bar|enumerate|master_bar)$/.test(name)) return rangeBounds(first.value);
  if (!/^(range|trange|xrange)$/.test(name) || (third !== undefined && third.name === null)) return null;
  return second === undefined || second.name !== null ? [null, first.value] : [first.value, second.value];
}

function numberOf(expression: Expression, scope: Scope): number | null {
  const resolved = resolve(expression, scope);
  if (!resolved.known || resolved.alternatives.length > 0) return null;
  return typeof resolved.value === "number" ? resolved.value : null;
}

/** `for epoch in …` by its names. */
export function isEpochHeader(header: string): boolean {
  return /epoch|\bep\b/i.test(header);
}
