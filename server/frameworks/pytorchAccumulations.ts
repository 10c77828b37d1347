import type { UnaveragedAccumulationFact } from "../facts/accumulationFacts.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import { branchOf } from "../facts/eventBranches.ts";
import { isBackward, isStep } from "../facts/eventKinds.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import { resolve } from "../facts/resolve.ts";
import type { Resolved } from "../facts/resolved.ts";
import { bindingsOf, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { ScalarValue } from "../facts/trainingFacts.ts";
import type { Call, Expression, Loop, Statement } from "../syntax/tree.ts";
import { walkExpressions, walkStatements } from "../syntax/walk.ts";
import type { TextRange } from "../text/range.ts";
import type { EventDraft, LoopDraft } from "./trainingEvents.ts";

/** Loops that sum gradients over `n` micro-batches and take the sum for a mean, or divide by `n` twice. */
export function collectTorchUnaveragedAccumulations(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
): readonly UnaveragedAccumulationFact[] {
  return drafts.flatMap((draft) => unaveraged(source, draft) ?? []);
}

/** Losses that are sums anyway: how many are added up is a choice of the learning rate. */
const sums = /reduction\s*=\s*["']sum|size_average\s*=\s*False/;
/** Gradients that are scaled after the backward pass: by tokens, by samples. */
const scalesGradients = /scale_grad|grad\w*_scal|(?<!autograd)\.grad\b(?!\()[^\n]*([*/]|mul_|div_)/;
/** Calls that a count may be handed to without a loss being divided there. */
const harmless =
  /^(print|info|debug|warning|log\w*|range|int|float|max|min|len|str|format|add_argument|write|ceil|floor|round|isinstance|update|set_\w+|get_\w*schedule\w*|tqdm|display|join|append|items|dict|\w*(Error|Exception|Warning|warn))$/i;
/** What is counted rather than learnt from: dividing it averages nothing. */
const counts = /len\(|steps?|batch|sizes?|samples?|examples?|total|epochs?|num_|iters?|tokens?|world|gpus|n_\w+/i;
const learns = /loss|criterion|grad\b|grads|\blr\b|learning_rate|(^|\W)1(\.0*)?\s*$/i;

function unaveraged(source: SourceIndex, draft: LoopDraft): UnaveragedAccumulationFact | null {
  const { scope, events } = draft;
  if (sums.test(source.text) || scalesGradients.test(source.text)) return null;
  if (events.some((event) => event.kind === "unknown-call-with-model" || mayDivide(event, source.text))) return null;
  const backwards = events.filter(isBackward);
  const [backward] = backwards;
  if (backward === undefined) return null;
  const accumulation = everyNthStep(source, draft, backwards) ?? innerLoop(source, draft, backwards);
  if (accumulation === null) return null;
  const { divisor, shownBy, loop } = accumulation;
  const count = source.text.slice(divisor.start, divisor.end);
  const resolvedCount = isSetAgain(divisor, scope) ? setByBranches : resolve(divisor, scope);
  if (resolvedCount.known && resolvedCount.value === 1 && !resolvedCount.overridable) return null;
  const loss = backward.classified.loss;
  if (loss === undefined) return null;
  const base = { start: backward.start, end: backward.end, framework: "pytorch", count, resolvedCount } as const;
  const lossRange = { start: loss.start, end: loss.end };
  const divisions = divisionsOf(loss, count, loop, backward, source);
  const [, second] = divisions;
  if (second !== undefined) return { ...base, fault: "divided-twice", lossRange, shownBy: second };
  if (mayBeAveraged(backwards, divisor, loop, scope, source)) return null;
  return { ...base, fault: "not-divided", lossRange, shownBy };
}

const setByBranches: Resolved<ScalarValue> = { known: false, reason: "it is set again in a branch", chain: [] };

/** `steps = 1`, then `steps = batch // 16` where a batch is too large. */
function isSetAgain(divisor: Expression, scope: Scope): boolean {
  if (divisor.kind !== "name") return false;
  const bindings = bindingsOf(divisor.name, scope) ?? [];
  return bindings.length > 1 && bindings.some((binding) => binding.kind === "assignment" && binding.conditional);
}

/** A wrapper divides; a scaler and Apex do not; Accelerate only where it is told how many micro-batches there are (accelerate 1.15 accelerator.py, `backward`). */
function mayDivide({ classified: { wrapper } }: EventDraft, text: string): boolean {
  if (wrapper === undefined || wrapper === "Apex" || wrapper === "NativeScaler") return false;
  return (
    wrapper !== "Accelerate" ||
    /\.accumulate\(|Accelerator\([^)]*accumulation|AccumulationPlugin|deepspeed|megatron/i.test(text)
  );
}

interface Accumulation {
  /** `n`. */
  readonly divisor: Expression;
  /** What makes the step wait. */
  readonly shownBy: TextRange;
  /** The loop over micro-batches. */
  readonly loop: Loop;
}

/** A step and a zeroing under `if (i + 1) % n == 0` in the loop over micro-batches. */
function everyNthStep(
  source: SourceIndex,
  { loop, scope, events }: LoopDraft,
  backwards: readonly EventDraft[],
): Accumulation | null {
  const steps = events.filter(isStep);
  const zeros = events.filter(({ kind }) => kind === "zero-grad");
  const [step] = steps;
  if (loop === null || step === undefined || zeros.length === 0) return null;
  const isRare = (event: EventDraft) => event.everyNth && event.depth === 0 && event.scope === scope;
  if (!steps.every(isRare) || !zeros.every(isRare)) return null;
  if (backwards.some((event) => event.everyNth || event.depth > 0 || event.scope !== scope)) return null;
  // A scaler that is told to wait stands under no test; the zeroing after it does.
  const found = remainderTest(loop, step, source) ?? remainderTest(loop, zeros[0] ?? step, source);
  return found === null
    ? null
    : { divisor: found.divisor, shownBy: { start: found.test.start, end: found.test.end }, loop };
}

/** `for _ in range(accumulation_steps):` around the backward pass, the step after it. */
function innerLoop(
  source: SourceIndex,
  { loop, scope, events }: LoopDraft,
  backwards: readonly EventDraft[],
): Accumulation | null {
  const others = events.filter(({ kind }) => /^(zero-grad|optimizer-step|scaler-step)$/.test(kind));
  if (loop === null || !others.some(({ kind }) => kind === "zero-grad")) return null;
  if (others.some((event) => event.depth > 0 || event.everyNth)) return null;
  if (backwards.some((event) => event.depth !== 1 || event.everyNth || event.scope !== scope)) return null;
  let found: Accumulation | null = null;
  walkStatements(loop.body, (statement) => {
    if (statement.kind !== "loop" || !backwards.every(({ start, end }) => isWithin({ start, end }, statement)))
      return undefined;
    const { iterable, header } = statement;
    const [length, ...more] =
      iterable?.kind === "call" && terminalName(iterable.callee) === "range" ? iterable.arguments : [];
    if (length === undefined || more.length > 0) return undefined;
    const count = source.text.slice(length.value.start, length.value.end);
    // Other inner loops sum over tasks, samples or time steps on purpose.
    if (!/accum|micro/i.test(count)) return undefined;
    found = { divisor: length.value, shownBy: { start: header.start, end: header.end }, loop: statement };
    return undefined;
  });
  return found;
}

function isWithin(inner: TextRange, outer: TextRange): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** `(i + 1) % n == 0` around the step: the test, and `n`. */
function remainderTest(
  loop: Loop,
  step: EventDraft,
  source: SourceIndex,
): { readonly test: Expression; readonly divisor: Expression } | null {
  const texts = new Set(step.branches.map(({ test }) => test));
  let found: { readonly test: Expression; readonly divisor: Expression } | null = null;
  walkStatements(loop.body, (statement) => {
    if (statement.kind !== "if" || found !== null) return undefined;
    const text = source.text.slice(statement.test.start, statement.test.end);
    if (!texts.has(branchOf(text, true).test)) return undefined;
    someExpression(statement.test, (part) => {
      if (part.kind !== "binary" || part.operator !== "%") return false;
      found = { test: statement.test, divisor: part.right };
      return true;
    });
    return undefined;
  });
  return found;
}

/** Divisions of the loss by the count on the straight way to the backward pass, in order. */
function divisionsOf(
  loss: Expression,
  count: string,
  loop: Loop,
  backward: EventDraft,
  source: SourceIndex,
): readonly TextRange[] {
  const found: TextRange[] = [];
  const textOf = ({ start, end }: TextRange) => source.text.slice(start, end);
  const isDivision = (value: Expression) =>
    value.kind === "binary" && value.operator === "/" && textOf(value.right) === count ? value : null;
  const name = loss.kind === "name" ? loss.name : loss.kind === "binary" ? dottedText(loss.left) : null;
  if (name === null) return [];
  for (const statement of straight(loop.body)) {
    if (statement.start > backward.start) break;
    if (statement.kind !== "assignment" || statement.value === null) continue;
    const target = statement.targets[0];
    if (target === undefined || dottedText(target) !== name) continue;
    if (statement.operator === "/=" && textOf(statement.value) === count) {
      found.push({ start: statement.start, end: statement.end });
    } else if (statement.operator === "=") {
      const isUpdate = someExpression(statement.value, (part) => dottedText(part) === name);
      if (!isUpdate) found.length = 0;
      const division = isDivision(statement.value);
      if (division !== null) found.push({ start: statement.start, end: statement.end });
    }
  }
  const last = isDivision(loss);
  if (last !== null) found.push({ start: last.start, end: last.end });
  return found;
}

/** Whether anything in the file may divide by the count what the step learns from. */
function mayBeAveraged(
  backwards: readonly EventDraft[],
  divisor: Expression,
  loop: Loop,
  scope: Scope,
  source: SourceIndex,
): boolean {
  const textOf = ({ start, end }: TextRange) => source.text.slice(start, end);
  for (const { classified } of backwards) {
    if (classified.loss === undefined || isDividedOrSummed(classified.loss, loop, scope, source)) return true;
  }
  const name = dottedText(divisor);
  if (name === null && divisor.kind !== "number") return true;
  const last = terminalName(divisor);
  const isCount = (part: Expression) =>
    divisor.kind === "number"
      ? part.kind === "number" && part.value === divisor.value
      : dottedText(part) === name || (last !== null && terminalName(part) === last);
  let found = false;
  const look = (expression: Expression): undefined => {
    if (expression.kind === "binary" && /^[/*]$/.test(expression.operator)) {
      const { left, right, operator } = expression;
      const other = isCount(right) ? left : operator === "*" && isCount(left) ? right : null;
      if (other !== null) {
        const text = textOf(other);
        const isCounting = counts.test(text) && !learns.test(text);
        // `loss.item() * n` is for the log.
        const isForLog = /\.item\(\)/.test(text);
        if (!isForLog && (operator === "/" ? !isCounting : learns.test(text))) found = true;
      }
    }
    if (
      divisor.kind !== "number" &&
      expression.kind === "call" &&
      !harmless.test(terminalName(expression.callee) ?? "")
    ) {
      if (expression.arguments.some(({ value, name }) => isCount(value) && name !== "default"))
        found ||= mayLearn(expression, source);
    }
    return undefined;
  };
  walkExpressions(source.module.body, look);
  walkStatements(source.module.body, (statement) => {
    if (statement.kind === "assignment" && /^[/*]=$/.test(statement.operator)) {
      if (statement.value !== null && someExpression(statement.value, isCount)) found = true;
    }
    return undefined;
  });
  return found;
}

/** A function of the file that speaks of no loss and no gradient reads data, or counts steps. */
function mayLearn({ callee }: Call, { functionsByName, text }: SourceIndex): boolean {
  const own = callee.kind === "name" ? (functionsByName.get(callee.name) ?? []) : [];
  return (
    own.length === 0 ||
    own.some(({ definition }) => /loss|grad\b|backward/i.test(text.slice(definition.start, definition.end)))
  );
}

/** The loss comes through a division or a sum, by whatever it is. */
function isDividedOrSummed(loss: Expression, loop: Loop, scope: Scope, source: SourceIndex): boolean {
  const isSuspect = (value: Expression) =>
    someExpression(
      value,
      (part) =>
        (part.kind === "binary" && part.operator === "/") ||
        (part === value && part.kind === "binary" && part.operator === "*") ||
        (part.kind === "call" && /sum|div|mul|scale/i.test(terminalName(part.callee) ?? "")),
    );
  if (isSuspect(loss)) return true;
  const name = loss.kind === "name" ? loss.name : null;
  if (name === null) return loss.kind !== "attribute" && loss.kind !== "call";
  const bindings = bindingsOf(name, scope) ?? [];
  return bindings.some(
    (binding) =>
      binding.kind !== "assignment" ||
      ((binding.operator === "/=" || binding.operator === "*=" || isSuspect(binding.value)) &&
        binding.statement.end >= Math.min(loop.start, source.text.length)),
  );
}

function straight(body: readonly Statement[]): readonly Statement[] {
  return body.flatMap((statement) => (statement.kind === "with" ? straight(statement.body) : [statement]));
}
