import { calledFunction } from "../facts/calledFunctions.ts";
import { argumentFor, candidatesOfName } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import { bindingsOf, type Context, type FunctionInfo, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { FrameworkName, LossTermFact } from "../facts/trainingFacts.ts";
import type { Call, Expression, FunctionDefinition, Statement } from "../syntax/tree.ts";
import { canReachZero, type Danger, isLibraryName, stableFormOf } from "./lossOperands.ts";
import { enabledBy, siteOf } from "./pytorchFlags.ts";
import type { LoopDraft } from "./trainingEvents.ts";

const maximumDepth = 12;
/** Methods of tensors whose argument is part of the result. */
const combining = /^(add|sub|mul|div|matmul|minimum|maximum|where|lerp|addcmul|addcdiv)$/;

/** The operation of a name of torch or of a tensor's method. */
const operations: Readonly<Record<string, Danger>> = {
  log: "log",
  log2: "log",
  log10: "log",
  sqrt: "sqrt",
  rsqrt: "sqrt",
  pow: "power",
  acos: "acos",
  arccos: "acos",
};

/**
 * Unguarded operations in what flows into a backward pass: the loss's own expression, what its names are set to, functions and
 * modules of the file that return it; losses that are minimized without a loop in sight are given apart. What cannot be followed
 * gives no fact.
 */
export function collectLossTerms(
  source: SourceIndex,
  loops: readonly LoopDraft[],
  framework: FrameworkName = source.module.language === "python" ? "pytorch" : "tensorflowjs",
  otherLosses: readonly { readonly loss: Expression; readonly scope: Scope }[] = [],
): readonly LossTermFact[] {
  const found = new Map<number, LossTermFact>();
  const visited = new Set<Expression | FunctionInfo>();

  function report(
    operation: LossTermFact["operation"],
    whole: Expression,
    operand: Expression,
    stableForm: LossTermFact["stableForm"],
  ): void {
    const { start, end } = whole;
    found.set(start, {
      start,
      end,
      framework,
      operation,
      operandText: source.text.slice(operand.start, operand.end),
      operandRange: { start: operand.start, end: operand.end },
      stableForm,
    });
  }

  function check(operation: Danger, whole: Expression, operand: Expression, scope: Scope): void {
    if (canReachZero(operand, operation, scope, 0))
      report(operation, whole, operand, stableFormOf(operation, operand, scope));
  }

  function visit(expression: Expression, scope: Scope, depth: number): void {
    if (depth > maximumDepth || visited.has(expression)) return;
    visited.add(expression);
    switch (expression.kind) {
      case "name":
        visitName(expression.name, scope, depth);
        return;
      case "binary":
        if (expression.operator === "/") check("division", expression, expression.right, scope);
        if (expression.operator === "**" && isRoot(expression.right, scope))
          check("power", expression, expression.left, scope);
        visit(expression.left, scope, depth + 1);
        visit(expression.right, scope, depth + 1);
        return;
      case "unary":
      case "await":
        visit(expression.operand, scope, depth + 1);
        return;
      case "conditional":
        visit(expression.whenTrue, scope, depth + 1);
        visit(expression.whenFalse, scope, depth + 1);
        return;
      case "subscript":
        visit(expression.object, scope, depth + 1);
        return;
      case "list":
        for (const item of expression.items) visit(item, scope, depth + 1);
        return;
      case "call":
        visitCall(expression, scope, depth);
        return;
      case "lambda": {
        const inner = source.lambdas.get(expression);
        if (inner !== undefined) visitReturns(expression.body, inner, depth);
        return;
      }
    }
  }

  function visitReturns(body: readonly Statement[], scope: Scope, depth: number): void {
    for (const statement of body) {
      if (statement.kind === "return" && statement.value !== null) visit(statement.value, scope, depth + 1);
    }
  }

  function visitName(name: string, scope: Scope, depth: number): void {
    for (const binding of bindingsOf(name, scope) ?? []) {
      if (binding.kind === "function" && framework === "optax") visitDifferentiated(binding.definition, depth);
      if (binding.kind !== "assignment" || binding.position !== null) continue;
      visit(binding.value, binding.scope, depth + 1);
    }
    const found = candidatesOfName(name, { start: 0, end: 0 }, scope);
    if (!found.known) return;
    for (const { expression, scope: from, via } of found.candidates) {
      if (via === "argument") visit(expression, from, depth + 1);
    }
  }

  /** `jax.grad(loss_fn)`: what the function returns, the loss alone where it returns more. */
  function visitDifferentiated(definition: FunctionDefinition, depth: number): void {
    const callable = source.functions.get(definition);
    for (const returned of callable?.returns ?? []) {
      const loss = returned.kind === "list" ? returned.items[0] : returned;
      if (callable !== undefined && loss !== undefined) visit(loss, callable.scope, depth + 1);
    }
  }

  function visitCall(call: Call, scope: Scope, depth: number): void {
    const name = terminalName(call.callee) ?? "";
    if (/^(detach|item|float|int|no_grad|tolist|numpy)$/.test(name) || isUnderNoGrad(call, source)) return;
    const isLibrary = isLibraryName(qualifiedName(call.callee, scope));
    const callable = calledFunction(call, scope) ?? forwardOf(call, scope);
    if (callable !== null) {
      if (visited.has(callable)) return;
      visited.add(callable);
      for (const returned of callable.returns) visit(returned, callable.scope, depth + 1);
      return;
    }
    if (name === "tidy" && isLibrary) {
      for (const { value } of call.arguments) visit(value, scope, depth + 1);
      return;
    }
    const receiver = call.callee.kind === "attribute" && !isLibrary ? call.callee.object : null;
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    const operand = isLibrary ? call.arguments[0]?.value : receiver;
    const exponent = call.arguments[isLibrary ? 1 : 0]?.value;
    if (
      operation !== undefined &&
      operand !== undefined &&
      operand !== null &&
      (isLibrary || isTensorMethod(receiver, scope))
    ) {
      if (operation !== "power" || (exponent !== undefined && isRoot(exponent, scope)))
        check(operation, call, operand, scope);
    }
    if (isCrossEntropyOfProbabilities(call, name, scope) && isUnderAutocast(call, source)) {
      report("bce-under-autocast", call, call.arguments[0]?.value ?? call, "bce-with-logits");
    }
    if (receiver !== null) visit(receiver, scope, depth + 1);
    if (isLibrary || combining.test(name))
      for (const argument of call.arguments) visit(argument.value, scope, depth + 1);
  }

  for (const { loss, scope } of otherLosses) visit(loss, scope, 0);
  for (const { events } of loops) {
    for (const { classified, scope } of events) if (classified.loss !== undefined) visit(classified.loss, scope, 0);
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

/** `math.log(x)` and `np.log(x)` work on plain numbers. */
function isTensorMethod(receiver: Expression | null, scope: Scope): boolean {
  if (receiver === null) return false;
  if (receiver.kind !== "name") return true;
  const bindings = bindingsOf(receiver.name, scope);
  return bindings?.every((binding) => binding.kind !== "import") ?? false;
}

/** An exponent between 0 and 1, whose derivative is infinite at 0, or below 0. */
function isRoot(exponent: Expression, scope: Scope): boolean {
  const resolved = resolve(exponent, scope);
  return resolved.known && typeof resolved.value === "number" && resolved.value < 1 && resolved.value !== 0;
}

/** `forward` of a module class of the file that a loss object is made from: `criterion = MyLoss()`; `criterion(pred, y)`. */
function forwardOf(call: Call, scope: Scope): FunctionInfo | null {
  if (call.callee.kind !== "name" && call.callee.kind !== "attribute") return null;
  const { source } = scope;
  const isOwn = ({ callee }: Call): boolean => callee.kind === "name" && classNamed(callee.name, source) !== null;
  const [made, ...more] = linkedCalls(call.callee, scope, isOwn);
  if (made === undefined || more.length > 0) return null;
  const own = classNamed(terminalName(made.callee) ?? "", source);
  // Only losses are followed: the body of a network is no loss term.
  if (own === null || !/loss|criterion|objective/i.test(own.definition.name)) return null;
  return own.methods.get("forward") ?? null;
}

function classNamed(name: string, source: SourceIndex) {
  const last = source.moduleScope.bindings.get(name)?.at(-1);
  return last?.kind === "class" ? (source.classes.get(last.definition) ?? null) : null;
}

function isCrossEntropyOfProbabilities(call: Call, name: string, scope: Scope): boolean {
  if (name === "binary_cross_entropy")
    return qualifiedName(call.callee, scope)?.startsWith("torch.nn.functional") === true;
  const made = linkedCalls(call.callee, scope, ({ callee }) => terminalName(callee) === "BCELoss");
  return made.size > 0;
}

function isUnderAutocast(call: Call, source: SourceIndex): boolean {
  for (let context = siteOf(call, source)?.context ?? null; context !== null; context = context.outer) {
    const { value } = context;
    if (value.kind !== "call" || terminalName(value.callee) !== "autocast") continue;
    const site = siteOf(value, source);
    if (site === null) return false;
    const position = argumentFor(value, "device_type", 0) === null ? 0 : 2;
    const enabled = enabledBy(site, "enabled", position);
    return !enabled.known || enabled.value || enabled.overridable;
  }
  return false;
}

function isUnderNoGrad(call: Call, source: SourceIndex): boolean {
  let context: Context | null = siteOf(call, source)?.context ?? null;
  for (; context !== null; context = context.outer) {
    const callee = context.value.kind === "call" ? context.value.callee : context.value;
    if (/^(no_grad|inference_mode)$/.test(terminalName(callee) ?? "")) return true;
  }
  return false;
}
