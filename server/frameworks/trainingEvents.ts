import { calledAnywhere, calledFunction } from "../facts/calledFunctions.ts";
import { terminalName } from "../facts/dottedText.ts";
import { branchOf, type EventBranch } from "../facts/eventBranches.ts";
import { isBackward, isStep } from "../facts/eventKinds.ts";
import { forEachChild } from "../facts/expressionChildren.ts";
import { bindingsOf, type FunctionInfo, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { TrainingEvent } from "../facts/trainingFacts.ts";
import type { Assignment, Call, Expression, Lambda, Loop, Statement } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";

/** What a framework makes of a call or an assignment. */
export interface Classified {
  readonly kind: TrainingEvent["kind"];
  readonly subject: string | null;
  readonly optimizers: readonly number[];
  /** The GradScaler at work, where one is. */
  readonly scaler?: Expression;
  /** A wrapper that clips, zeroes or scales on its own. */
  readonly wrapper?: string;
  /** The loss expression of a backward pass. */
  readonly loss?: Expression;
  /** Told by an argument to wait for the last micro-batch. */
  readonly everyNth?: boolean;
}

export interface Classifier {
  /** Null for a call that is no event; several events where one call does several things. */
  call(call: Call, scope: Scope): Classified | readonly Classified[] | null;
  assignment(assignment: Assignment, scope: Scope): Classified | null;
  /** Names of calls that run the functions they are handed at once (`tidy`, `forEach`). */
  readonly runsCallbacks: RegExp | null;
}

/** An event with what the loop needs to know of it. */
export interface EventDraft extends TrainingEvent {
  readonly classified: Classified;
  readonly scope: Scope;
  /** Functions of the file that it was reached through, innermost first. */
  readonly through: readonly FunctionInfo[];
  /** Loops between the body looked at and the event. */
  readonly depth: number;
  /** Under a test on the number of the micro-batch. */
  readonly everyNth: boolean;
  readonly branches: readonly EventBranch[];
}

/** A loop, or a function that is a whole step, that runs backward and steps an optimizer. */
export interface LoopDraft {
  readonly range: TextRange;
  readonly header: TextRange;
  readonly loop: Loop | null;
  readonly scope: Scope;
  readonly events: readonly EventDraft[];
}

interface Place {
  readonly scope: Scope;
  readonly conditional: boolean;
  readonly everyNth: boolean;
  readonly branches: readonly EventBranch[];
  readonly inlining: readonly (FunctionInfo | Lambda)[];
}

/** Longer chains of calls than this are not followed. */
const maximumCallDepth = 24;
/** Callbacks nested deeper than this are not followed. */
const maximumInlining = 6;
/** More events than this are no single training iteration; it also bounds the work on tangled code. */
const maximumEvents = 120;

/**
 * The training loops of a file: the innermost loop that holds both a backward pass and an optimizer step, its events in order
 * of execution with functions of the same file inlined; then step functions that no loop of the file runs.
 */
export function collectLoopDrafts(source: SourceIndex, classifier: Classifier): readonly LoopDraft[] {
  const loops: LoopDraft[] = [];
  // A loop in a callback is met once where the callback is handed on and once by itself.
  const seen = new Set<Loop>();
  const ofFunction = new Map<FunctionInfo, readonly EventDraft[]>();
  let callDepth = 0;

  function eventsOfFunction(callable: FunctionInfo): readonly EventDraft[] {
    const known = ofFunction.get(callable);
    if (known !== undefined) return known;
    if (callDepth >= maximumCallDepth) return [];
    callDepth += 1;
    // Recursion meets this empty list and ends.
    ofFunction.set(callable, []);
    const events = body(callable.definition.body, {
      scope: callable.scope,
      conditional: false,
      everyNth: false,
      branches: [],
      inlining: [callable],
    });
    callDepth -= 1;
    ofFunction.set(callable, events);
    return events;
  }

  function body(statements: readonly Statement[], outer: Place): EventDraft[] {
    const events: EventDraft[] = [];
    let place = outer;
    for (const statement of statements) {
      if (events.length > maximumEvents) break;
      events.push(...statementEvents(statement, place));
      // `if (i + 1) % n: continue` makes the rest of the body conditional.
      if (statement.kind === "if" && isMicroBatchTest(statement.test, place.scope) && leaves(statement.body)) {
        place = { ...place, conditional: true, everyNth: true };
      }
      if (statement.kind === "if" && leaves(statement.body)) place = onSide(place, statement.test, false);
    }
    return events;
  }

  function statementEvents(statement: Statement, place: Place): EventDraft[] {
    switch (statement.kind) {
      case "expression":
        return expressionEvents(statement.expression, statement, place);
      case "assignment": {
        const events = statement.value === null ? [] : expressionEvents(statement.value, statement, place);
        const classified = classifier.assignment(statement, place.scope);
        if (classified !== null) events.push(draft(classified, statement, statement, place));
        return events;
      }
      case "return":
        return statement.value === null ? [] : expressionEvents(statement.value, statement, place);
      case "if": {
        const everyNth = place.everyNth || isMicroBatchTest(statement.test, place.scope);
        const inside = { ...place, conditional: true, everyNth };
        return [
          ...expressionEvents(statement.test, statement, place),
          ...body(statement.body, onSide(inside, statement.test, true)),
          ...body(statement.orElse, onSide(inside, statement.test, false)),
        ];
      }
      case "loop":
        return loopEvents(statement, place);
      case "with":
        return [
          ...statement.items.flatMap((item) => expressionEvents(item.value, statement, place)),
          ...body(statement.body, place),
        ];
      case "try":
        return [
          ...body(statement.body, place),
          ...statement.handlers.flatMap((handler) =>
            body(handler, {
              ...place,
              conditional: true,
              branches: [...place.branches, { test: `exception at ${statement.start}`, taken: true }],
            }),
          ),
          ...body(statement.orElse, place),
          ...body(statement.finallyBody, place),
        ];
      case "other":
        return [
          ...statement.expressions.flatMap((expression) => expressionEvents(expression, statement, place)),
          ...body(statement.body, place),
        ];
      default:
        return [];
    }
  }

  function loopEvents(loop: Loop, place: Place): EventDraft[] {
    const head = loop.iterable === null ? [] : expressionEvents(loop.iterable, loop, place);
    const events = body(loop.body, { ...place, conditional: false, everyNth: false, branches: [] });
    const after = body(loop.orElse, place);
    if (isTraining(events) && place.scope.source === source) {
      const { start, end } = loop;
      if (!seen.has(loop)) loops.push({ range: { start, end }, header: loop.header, loop, scope: place.scope, events });
      seen.add(loop);
      return [...head, ...after];
    }
    const { conditional, everyNth, branches } = place;
    const nested = events.map((event) => ({
      ...event,
      depth: event.depth + 1,
      conditional: event.conditional || conditional,
      everyNth: event.everyNth || everyNth,
      branches: [...branches, ...event.branches],
    }));
    return [...head, ...nested, ...after];
  }

  function expressionEvents(expression: Expression, statement: Statement, place: Place): EventDraft[] {
    const events: EventDraft[] = [];
    addEvents(expression, statement, place, events);
    return events;
  }

  function addEvents(expression: Expression, statement: Statement, place: Place, events: EventDraft[]): void {
    if (expression.kind === "name" || expression.kind === "number" || expression.kind === "lambda") return;
    if (expression.kind === "attribute") {
      addEvents(expression.object, statement, place, events);
      return;
    }
    forEachChild(expression, (child) => addEvents(child, statement, place, events));
    if (expression.kind !== "call") return;
    const classified = classifier.call(expression, place.scope);
    if (classified !== null) {
      const all = "kind" in classified ? [classified] : classified;
      const read = all.some(isUnread) ? eventsElsewhere(expression, statement, place) : null;
      if (read !== null) {
        events.push(...read);
        return;
      }
      if (all.length === 1 && all.some(({ kind }) => /step$/.test(kind)))
        events.push(...closureEvents(expression, place));
      for (const each of all) events.push(draft(each, expression, statement, place));
      return;
    }
    const callable = calledFunction(expression, place.scope) ?? null;
    if (callable !== null) events.push(...inlined(callable, place));
    else if (isOwnMethod(expression)) events.push(...inherited(expression, statement, place));
    else events.push(...lambdaEvents(expression, place));
  }

  /**
   * What a function of another file does to the gradients, as done by the call: it clips or zeroes them or leaves them alone. Null
   * where it is not read, or does more than that.
   */
  function eventsElsewhere(call: Call, statement: Statement, place: Place): readonly EventDraft[] | null {
    const callable = calledAnywhere(call, place.scope);
    if (callable === null || callable.scope.source === source || callable.scope.source.module.holes.length > 0)
      return null;
    const events = eventsOfFunction(callable);
    if (!events.every(({ kind }) => kind === "clip" || kind === "zero-grad")) return null;
    return events.map(({ kind, subject, conditional }) => {
      const event = draft({ kind, subject, optimizers: [] }, call, statement, place);
      return { ...event, inlined: true, conditional: conditional || place.conditional };
    });
  }

  /** A method that a base class in another file has. */
  function inherited(call: Call, statement: Statement, place: Place): readonly EventDraft[] {
    const read = eventsElsewhere(call, statement, place);
    if (read !== null) return read;
    const callable = calledAnywhere(call, place.scope);
    if (callable === null || eventsOfFunction(callable).length === 0) return [];
    return [
      draft(
        { kind: "unknown-call-with-model", subject: terminalName(call.callee), optimizers: [] },
        call,
        statement,
        place,
      ),
    ];
  }

  function inlined(callable: FunctionInfo, place: Place): EventDraft[] {
    if (place.inlining.length >= maximumInlining || place.inlining.includes(callable)) return [];
    return eventsOfFunction(callable).map((event) => ({
      ...event,
      inlined: true,
      conditional: event.conditional || place.conditional,
      everyNth: event.everyNth || place.everyNth,
      branches: [...place.branches, ...event.branches],
      through: [...event.through, callable],
    }));
  }

  /** `optimizer.step(closure)` runs its argument first. */
  function closureEvents(call: Call, place: Place): EventDraft[] {
    const first = call.arguments[0]?.value;
    if (first?.kind === "lambda") return lambdaBody(first, place);
    if (first?.kind !== "name") return [];
    const last = bindingsOf(first.name, place.scope)?.at(-1);
    const callable = last?.kind === "function" ? source.functions.get(last.definition) : undefined;
    return callable === undefined ? [] : inlined(callable, place);
  }

  /** A function held in a variable: `const step = (batch) => {…}`. */
  function lambdaEvents(call: Call, place: Place): EventDraft[] {
    const { runsCallbacks } = classifier;
    if (runsCallbacks?.test(terminalName(call.callee) ?? "") === true) {
      return call.arguments.flatMap(({ value }) => (value.kind === "lambda" ? lambdaBody(value, place) : []));
    }
    if (call.callee.kind !== "name") return [];
    const bindings = bindingsOf(call.callee.name, place.scope);
    const only = bindings?.length === 1 ? bindings[0] : undefined;
    if (only?.kind !== "assignment" || only.value.kind !== "lambda") return [];
    return lambdaBody(only.value, place);
  }

  function lambdaBody(lambda: Lambda, place: Place): EventDraft[] {
    const scope = source.lambdas.get(lambda);
    if (scope === undefined || place.inlining.includes(lambda) || place.inlining.length >= maximumInlining) return [];
    const events = body(lambda.body, { ...place, scope, inlining: [...place.inlining, lambda] });
    return events.map((event) => ({ ...event, inlined: true }));
  }

  body(source.module.body, {
    scope: source.moduleScope,
    conditional: false,
    everyNth: false,
    branches: [],
    inlining: [],
  });
  for (const callable of source.functions.values()) eventsOfFunction(callable);
  for (const callable of ofFunction.keys()) if (callable.scope.source !== source) ofFunction.delete(callable);
  for (const own of source.classes.values()) {
    body(own.definition.body, { scope: own.scope, conditional: false, everyNth: false, branches: [], inlining: [] });
  }
  if (classifier.runsCallbacks !== null) {
    for (const [lambda, scope] of source.lambdas) {
      body(lambda.body, { scope, conditional: false, everyNth: false, branches: [], inlining: [lambda] });
    }
  }
  loops.push(...stepFunctions(ofFunction, loops));
  return loops.toSorted((a, b) => a.range.start - b.range.start);
}

/** Functions that hold a whole step which no loop of the file runs; of those that call each other, the innermost. */
function stepFunctions(
  ofFunction: ReadonlyMap<FunctionInfo, readonly EventDraft[]>,
  loops: readonly LoopDraft[],
): LoopDraft[] {
  const used = new Set(loops.flatMap((loop) => loop.events.flatMap((event) => event.through)));
  const whole = [...ofFunction].filter(([callable, events]) => !used.has(callable) && isTraining(events));
  const names = new Set(whole.map(([callable]) => callable));
  return whole
    .filter(([, events]) => !events.some((event) => event.through.some((callable) => names.has(callable))))
    .map(([{ definition, scope }, events]) => {
      const { start, end, nameRange } = definition;
      return { range: { start, end }, header: nameRange, loop: null, scope, events };
    });
}

function draft(classified: Classified, range: TextRange, statement: Statement, place: Place): EventDraft {
  const { kind, subject, optimizers } = classified;
  return {
    start: range.start,
    end: range.end,
    kind,
    subject,
    optimizers,
    statement: { start: statement.start, end: statement.end },
    conditional: place.conditional,
    inlined: false,
    classified,
    scope: place.scope,
    through: [],
    depth: 0,
    everyNth: place.everyNth || classified.everyNth === true,
    branches: place.branches,
  };
}

/** A call into a function that is not read, which can do anything. */
function isUnread({ kind, wrapper }: Classified): boolean {
  return kind === "unknown-call-with-model" && wrapper === undefined;
}

function isOwnMethod({ callee }: Call): boolean {
  if (callee.kind !== "attribute" || callee.object.kind !== "name") return false;
  return callee.object.name === "self" || callee.object.name === "this";
}

function onSide(place: Place, test: Expression, taken: boolean): Place {
  const text = place.scope.source.text.slice(test.start, test.end);
  return { ...place, branches: [...place.branches, branchOf(text, taken)] };
}

function isTraining(events: readonly EventDraft[]): boolean {
  return events.some(isBackward) && events.some(isStep);
}

/** `(i + 1) % n == 0`, `accelerator.sync_gradients`, `is_accumulating`. */
function isMicroBatchTest(test: Expression, scope: Scope): boolean {
  const text = scope.source.text.slice(test.start, test.end);
  // `if accumulation_steps > 1` holds in every iteration or in none.
  return /%|accum|sync_grad|update_grad|need_update/i.test(text) && !/^[\w.]*accum\w*\s*(>=?|!=|==)\s*\d+$/i.test(text);
}

/** Whether a body ends the iteration or the function. */
export function leaves(statements: readonly Statement[]): boolean {
  const last = statements.at(-1);
  return (
    last?.kind === "return" || (last?.kind === "other" && (last.keyword === "continue" || last.keyword === "break"))
  );
}
