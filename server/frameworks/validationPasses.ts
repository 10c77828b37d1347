import { terminalName } from "../facts/dottedText.ts";
import { functionAround, type Scope } from "../facts/scope.ts";
import type { Expression, FunctionDefinition, Loop, Statement, With } from "../syntax/tree.ts";

const validationWord =
  /(?<![a-z])(val|valid|validate|validation|test|testing|dev|eval|evaluate|evaluation)(?![a-z])|(?<![a-z])(val|valid|test|dev|eval)(set|sets|loader|data|ds|dl|iter|x)(?![a-z])/;

/** `val_loader`, `testSet`, `self.dev_iter`. */
function readsAsValidation(text: string): boolean {
  const words = text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return !/train/.test(words) && validationWord.test(words);
}

/** A function that runs a model over validation data, by its name; a policy's `evaluate_actions` does not. */
export function isValidationFunction(name: string): boolean {
  return (
    readsAsValidation(name) &&
    !/^test_(?!epoch|model|one|loop|net|step|acc|set|class)|loader|dataset|iter|action|metric|split|transform|policy|^is_|^get_/i.test(
      name,
    )
  );
}

/** A loop over validation batches: by what it runs over, or over any batches in a function that is called a validation. */
export function isValidationLoop(loop: Loop, scope: Scope, isConditional: boolean, isInTraining: boolean): boolean {
  const { text } = scope.source;
  if (loop.iterable === null || (isInTraining && !isConditional)) return false;
  if (/\bbackward\s*\(|autograd\.grad|requires_grad|\.grad\b/.test(text.slice(loop.start, loop.end))) return false;
  const iterable = text.slice(loop.iterable.start, loop.iterable.end);
  if (readsAsValidation(iterable)) return true;
  const around = functionAround(scope)?.definition.name ?? "";
  return (
    isValidationFunction(around) &&
    !/^(tqdm\()?range\((?!.*\b(len|size|shape)\b)/.test(iterable) &&
    !/train/i.test(iterable + around)
  );
}

interface Gradients {
  readonly gradients: "on" | "off" | "unknown";
  readonly scope: Scope;
}

/** Whether gradients are recorded inside a `with` or a decorated function. */
export function gradientsIn(node: With | FunctionDefinition, place: Gradients): Gradients["gradients"] {
  const around = node.kind === "with" ? node.items.map(({ value }) => value) : node.decorators;
  let result = place.gradients;
  for (const expression of around) {
    const effect = effectOn(expression, place.scope);
    if (effect === "none" || result === "off") continue;
    result = effect;
  }
  return result;
}

/** `torch.set_grad_enabled(False)` by itself: gradients from there on; null for other statements. */
export function gradientsAfter(statement: Statement): Gradients["gradients"] | null {
  const call = statement.kind === "expression" ? statement.expression : null;
  if (call?.kind !== "call" || terminalName(call.callee) !== "set_grad_enabled") return null;
  const value = call.arguments[0]?.value;
  if (value?.kind !== "boolean") return "unknown";
  return value.value ? "on" : "off";
}

/** Contexts and decorators that say nothing about gradients. */
const neutral =
  /^(autocast|tqdm|open|profile|record_function|SummaryWriter|Progress|progress|trange|join|no_sync|device|cuda|stream|Stream|errstate|catch_warnings|staticmethod|classmethod|property|record|lru_cache|main|hydra_main|wraps|jit|compile|script|Timer|timer|create_task|console|suppress)$/;

function effectOn(expression: Expression, { source }: Scope): "off" | "unknown" | "none" {
  const callee = expression.kind === "call" ? expression.callee : expression;
  const name = terminalName(callee) ?? "";
  if (name === "no_grad" || name === "inference_mode") {
    const first = expression.kind === "call" ? expression.arguments[0] : undefined;
    return first === undefined || (first.value.kind === "boolean" && first.value.value) ? "off" : "unknown";
  }
  if (name === "set_grad_enabled") {
    const first = expression.kind === "call" ? expression.arguments[0]?.value : undefined;
    return first?.kind === "boolean" && !first.value ? "off" : "unknown";
  }
  if (neutral.test(name) && !source.functionsByName.has(name)) return "none";
  return "unknown";
}
