import { dottedText, rootName, subjectText, terminalName } from "../facts/dottedText.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import { bindingsOf, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { GraphAccumulationFact } from "../facts/trainingFacts.ts";
import type { Expression, Loop, Statement } from "../syntax/tree.ts";
import { statementsOf } from "../syntax/walk.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** `total += loss` and `losses.append(loss)` in training loops, where the loss still has its graph and is never used for backward. */
export function collectTorchGraphAccumulations(
  source: SourceIndex,
  loops: readonly LoopDraft[],
): readonly GraphAccumulationFact[] {
  const found: GraphAccumulationFact[] = [];
  for (const draft of loops) {
    const { loop, scope } = draft;
    if (loop === null) continue;
    const losses = new Set<string>();
    for (const { classified, scope: from } of draft.events) {
      if (classified.loss === undefined || from !== scope) continue;
      if (classified.loss.kind === "name") losses.add(classified.loss.name);
    }
    for (const loss of losses) {
      // A number by now: `loss = loss.item()` in the loop.
      if (bindingsWithin(loss, loop, scope).some(isDetached)) losses.delete(loss);
    }
    if (losses.size > 0) visitBody(loop.body, { source, scope, loop, losses, found });
  }
  return found.toSorted((a, b) => a.start - b.start);
}

interface Search {
  readonly source: SourceIndex;
  readonly scope: Scope;
  readonly loop: Loop;
  readonly losses: ReadonlySet<string>;
  readonly found: GraphAccumulationFact[];
}

function visitBody(body: readonly Statement[], search: Search): void {
  for (const statement of body) {
    if (statement.kind === "function" || statement.kind === "class") continue;
    if (statement.kind === "with" && statement.items.some(({ value }) => isNoGrad(value))) continue;
    const sum = statement.kind === "assignment" ? summed(statement, search) : null;
    const appended = statement.kind === "expression" ? appendedLoss(statement.expression, search) : null;
    const kept = sum ?? appended;
    if (kept !== null) {
      search.found.push({
        start: statement.start,
        end: statement.end,
        framework: "pytorch",
        lossRange: { start: kept.loss.start, end: kept.loss.end },
        lossText: search.source.text.slice(kept.loss.start, kept.loss.end),
        accumulator: kept.accumulator,
        how: sum === null ? "append" : "sum",
        staysTensor: isUsedAsTensor(kept.accumulator, search.source.text),
      });
    }
    visitBody(statementsOf(statement), search);
  }
}

/** A method of a tensor on the sum or on an element of the list, or the sum or list given to torch. */
function isUsedAsTensor(accumulator: string, text: string): boolean {
  const name = accumulator.replaceAll(".", "\\.");
  const tensorMethod =
    "(item|detach|cpu|cuda|to|data|mean|sum|div_?|mul_?|numpy|tolist|float|clone|size|shape|dim|view|reshape)";
  const onElement = `(?<![\\w.])${name}(\\[[^\\]]*\\])?\\.${tensorMethod}\\b`;
  const given = `\\b(?!torch\\.(FloatTensor|tensor|Tensor|as_tensor)\\b)(torch|dist|distributed|accelerator|F)\\.[\\w.]+\\(${name}\\b`;
  return new RegExp(`${onElement}|${given}`).test(text);
}

interface Kept {
  readonly loss: Expression;
  readonly accumulator: string;
}

function summed(statement: Extract<Statement, { kind: "assignment" }>, search: Search): Kept | null {
  const { operator, value } = statement;
  const target = statement.targets[0];
  const accumulator = target === undefined ? null : subjectText(target);
  if (target === undefined || accumulator === null || value === null) return null;
  let added: Expression | null = null;
  if (operator === "+=") added = value;
  else if (operator === "=" && value.kind === "binary" && value.operator === "+") {
    if (dottedText(value.left) === accumulator) added = value.right;
    else if (dottedText(value.right) === accumulator) added = value.left;
  }
  const loss = added === null ? null : attachedLoss(added, search);
  return loss !== null && outlives(target, search) ? { loss, accumulator } : null;
}

function appendedLoss(expression: Expression, search: Search): Kept | null {
  if (expression.kind !== "call" || expression.callee.kind !== "attribute" || expression.callee.name !== "append")
    return null;
  const [argument, ...more] = expression.arguments;
  if (argument === undefined || more.length > 0) return null;
  const list = expression.callee.object;
  const accumulator = subjectText(list);
  const loss = attachedLoss(argument.value, search);
  return accumulator !== null && loss !== null && outlives(list, search) ? { loss, accumulator } : null;
}

/** The loss's name in `loss`, `loss * n`, `loss / n`, `-loss`; null when a call or anything else may have detached it. */
function attachedLoss(expression: Expression, search: Search): Expression | null {
  switch (expression.kind) {
    case "name":
      return search.losses.has(expression.name) ? expression : null;
    case "binary":
      if (!/^[-+*/]$/.test(expression.operator)) return null;
      return attachedLoss(expression.left, search) ?? attachedLoss(expression.right, search);
    case "unary":
      return attachedLoss(expression.operand, search);
    default:
      return null;
  }
}

/** Set before the loop, never inside it, and no part of what backward runs on. */
function outlives(target: Expression, { scope, loop, losses, source }: Search): boolean {
  const root = rootName(target);
  if (root === null || losses.has(root)) return false;
  if (target.kind === "name") {
    const bindings = bindingsOf(root, scope);
    if (bindings === null) return false;
    const starts = bindings.filter((binding) => binding.kind === "assignment" && binding.operator === "=");
    if (starts.length === 0) return false;
    for (const start of starts) {
      if (start.kind !== "assignment" || start.scope !== scope) continue;
      // Begun anew every so often (`if i % 100 == 0: total = 0`) it still holds many iterations.
      const isInside = unconditional(loop.body).some((statement) => statement.start === start.statement.start);
      const isSum = someExpression(start.value, (part) => part.kind === "name" && part.name === root);
      if (isInside && !isSum) return false;
    }
  }
  const text = dottedText(target) ?? root;
  return !flowsIntoBackward(text, source);
}

/** Statements that every iteration runs. */
function unconditional(body: readonly Statement[]): readonly Statement[] {
  return body.flatMap((statement) =>
    statement.kind === "with" || statement.kind === "try" ? unconditional(statement.body) : [statement],
  );
}

/** Whether anything with this name is backpropagated: `total.backward()`, `sum(losses).backward()`, `loss = torch.stack(losses).mean()`. */
function flowsIntoBackward(accumulator: string, source: SourceIndex): boolean {
  const mentions = (expression: Expression): boolean =>
    someExpression(expression, (part) => dottedText(part) === accumulator);
  for (const { call, scope } of source.callsByTerminalName.get("backward") ?? []) {
    if (call.callee.kind !== "attribute") continue;
    const places = [call.callee.object, ...call.arguments.map((argument) => argument.value)];
    for (const place of places) {
      if (mentions(place)) return true;
      const root = rootName(place);
      const bindings = root === null ? null : bindingsOf(root, scope);
      if (bindings?.some((binding) => binding.kind === "assignment" && mentions(binding.value)) === true) return true;
    }
  }
  return false;
}

function bindingsWithin(name: string, loop: Loop, scope: Scope): readonly Expression[] {
  return (bindingsOf(name, scope) ?? []).flatMap((binding) =>
    binding.kind === "assignment" &&
    binding.operator === "=" &&
    binding.statement.start >= loop.start &&
    binding.statement.end <= loop.end
      ? [binding.value]
      : [],
  );
}

function isDetached(value: Expression): boolean {
  if (value.kind !== "call") return false;
  const name = terminalName(value.callee) ?? "";
  return /^(item|detach|float|numpy|tolist|mean_item|reduce_\w+|all_reduce\w*)$/.test(name);
}

function isNoGrad(value: Expression): boolean {
  const callee = value.kind === "call" ? value.callee : value;
  return /^(no_grad|inference_mode)$/.test(terminalName(callee) ?? "");
}
