import { argumentFor } from "../facts/candidates.ts";
import { dottedText, rootName, subjectText, terminalName } from "../facts/dottedText.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import { classElsewhere, definitionElsewhere } from "../facts/importedDefinition.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { bindingsOf, type Scope } from "../facts/scope.ts";
import type { Assignment, Call, Expression } from "../syntax/tree.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import type { Classified, Classifier } from "./trainingEvents.ts";

const optimizerName = /opt(im|imi[sz]er)?s?(_?[a-z0-9]*)?$|^(adam|adamw|sgd|rmsprop)(_\w+)?$/i;
const schedulerName = /sched/i;
const scalerName = /scaler/i;

/** Reads torch's calls as events of a training iteration. */
export function torchClassifier(optimizers: readonly OptimizerSite[]): Classifier {
  const indexOf = new Map<Call, number>(optimizers.map(({ site }, index) => [site.call, index]));

  // Other files are read only where one of them builds an optimizer of this one.
  const reach = optimizers.some(({ fact }) => fact.elsewhere !== undefined) ? "workspace" : "file";

  /** Which of the file's optimizers an expression certainly is. */
  function linked(expression: Expression, scope: Scope): readonly number[] {
    const calls = linkedCalls(expression, scope, (call) => indexOf.has(call), reach);
    const indices = [...calls].flatMap((call) => indexOf.get(call) ?? []);
    if (indices.length > 0) return indices.toSorted((a, b) => a - b);
    const last = (subjectText(expression) ?? "").split(".").at(-1);
    const named = optimizers.flatMap(({ fact }, index) => (fact.boundTo?.split(".").at(-1) === last ? [index] : []));
    if (named.length > 0) return named;
    const [only] = optimizers;
    return optimizers.length === 1 && only?.fact.boundTo === null && isOptimizerNamed(expression) ? [0] : [];
  }

  function isScheduler(receiver: Expression, scope: Scope): boolean {
    if (schedulerName.test(terminalText(receiver))) return true;
    const calls = linkedCalls(receiver, scope, (call, from) => isSchedulerConstructor(call, from));
    return calls.size > 0;
  }

  function isScaler(receiver: Expression, scope: Scope): boolean {
    if (scalerName.test(terminalText(receiver))) return true;
    return linkedCalls(receiver, scope, isGradScaler).size > 0;
  }

  function ofParameters(argument: Expression | undefined, scope: Scope): readonly number[] {
    if (argument === undefined) return [];
    const text = scope.source.text.slice(argument.start, argument.end).replace(/\s+/g, "");
    return optimizers.flatMap(({ fact }, index) => (fact.parametersText?.replace(/\s+/g, "") === text ? [index] : []));
  }

  function call(expression: Call, scope: Scope): Classified | readonly Classified[] | null {
    const { callee } = expression;
    const name = terminalName(callee);
    if (name === null) return null;
    const receiver = callee.kind === "attribute" ? callee.object : null;
    const argument = expression.arguments[0]?.value;
    switch (name) {
      case "backward":
        return receiver === null ? null : backward(receiver, argument, scope);
      case "manual_backward":
        return {
          kind: "backward",
          subject: textOf(argument),
          optimizers: [],
          wrapper: "Lightning",
          ...lossOf(argument),
        };
      case "step":
        return receiver === null ? null : step(receiver, argument, scope);
      case "optimizer_step":
        if (argument === undefined || receiver === null) return null;
        return { kind: "optimizer-step", subject: textOf(argument), optimizers: linked(argument, scope) };
      case "unscale_":
        if (receiver === null) return null;
        return {
          kind: "unscale",
          subject: textOf(argument),
          optimizers: argument === undefined ? [] : linked(argument, scope),
          scaler: receiver,
        };
      case "update":
        if (receiver === null || !isScaler(receiver, scope)) return null;
        return { kind: "scaler-update", subject: subjectText(receiver), optimizers: [], scaler: receiver };
      case "zero_grad":
        if (receiver === null) return null;
        return { kind: "zero-grad", subject: subjectText(receiver), optimizers: linked(receiver, scope) };
    }
    const scaled = nativeScaler(expression, name, scope);
    if (scaled !== null) return scaled;
    if (zeroesInForward(callee, scope)) return { kind: "zero-grad", subject: name, optimizers: [] };
    return clipOrUnknown(expression, importedName(callee, scope) ?? name, receiver, scope);
  }

  /** `clip_grad_norm_` of `limit_norm` after `from torch.nn.utils import clip_grad_norm_ as limit_norm`. */
  function importedName(callee: Expression, scope: Scope): string | null {
    const qualified = callee.kind === "name" ? qualifiedName(callee, scope) : null;
    return qualified?.startsWith("torch.") === true ? (qualified.split(".").at(-1) ?? null) : null;
  }

  /**
   * `loss_scaler(loss, optimizer, clip_grad=…, parameters=…, update_grad=…)`: a backward pass, a clip if one is asked for, and a
   * step (timm 1.0 utils/cuda.py, `NativeScaler`; MAE, Swin and ConvNeXt carry copies of it).
   */
  function nativeScaler({ callee, arguments: given }: Call, name: string, scope: Scope): readonly Classified[] | null {
    if (!isCalledScaler(name) || callee.kind === "call") return null;
    const [loss, optimizer] = given;
    if (loss?.name !== null || optimizer?.name !== null || !isOptimizerNamed(optimizer.value)) return null;
    const everyNth = given.some((argument) => /^(update_grad|need_update)$/.test(argument.name ?? ""));
    const clip = given.find((argument) => argument.name === "clip_grad");
    const common = { subject: textOf(optimizer.value), optimizers: linked(optimizer.value, scope), everyNth };
    return [
      {
        kind: "backward",
        subject: textOf(loss.value),
        optimizers: [],
        wrapper: "NativeScaler",
        ...lossOf(loss.value),
      },
      ...(clip === undefined ? [] : [{ ...common, kind: "clip" as const }]),
      { ...common, kind: "optimizer-step" },
    ];
  }

  function backward(receiver: Expression, argument: Expression | undefined, scope: Scope): Classified | null {
    if (receiver.kind === "call" && terminalName(receiver.callee) === "scale" && receiver.callee.kind === "attribute") {
      const loss = receiver.arguments[0]?.value;
      const scaler = receiver.callee.object;
      return { kind: "scaled-backward", subject: textOf(loss), optimizers: [], scaler, ...lossOf(loss) };
    }
    const text = terminalText(receiver);
    const wrapper = wrapperOf(receiver, text, scope);
    if (wrapper !== null) {
      return { kind: "backward", subject: textOf(argument), optimizers: [], wrapper, ...lossOf(argument) };
    }
    if (qualifiedName(receiver, scope) === "torch.autograd") {
      return { kind: "backward", subject: textOf(argument), optimizers: [], ...lossOf(argument) };
    }
    const scaled = scaledByApex(receiver, scope);
    const own = { kind: "backward", subject: subjectText(receiver), optimizers: [] } as const;
    return scaled === null ? { ...own, loss: receiver } : { ...own, loss: scaled, wrapper: "Apex" };
  }

  function wrapperOf(receiver: Expression, text: string, scope: Scope): string | null {
    if (/accelerat/i.test(text)) return "Accelerate";
    if (/fabric/i.test(text)) return "Lightning Fabric";
    if (/engine/i.test(text)) return "DeepSpeed";
    if (/dist_autograd/.test(text)) return "distributed autograd";
    if (isOptimizerNamed(receiver)) return "a wrapped optimizer";
    const made = linkedCalls(receiver, scope, (each, from) => wrapperConstructor(each, from) !== null);
    for (const each of made) return wrapperConstructor(each, scope);
    return null;
  }

  function step(receiver: Expression, argument: Expression | undefined, scope: Scope): Classified | null {
    const text = terminalText(receiver);
    if (isScaler(receiver, scope)) {
      const stepped = argument === undefined ? [] : linked(argument, scope);
      return { kind: "scaler-step", subject: textOf(argument), optimizers: stepped, scaler: receiver };
    }
    if (isScheduler(receiver, scope)) return { kind: "scheduler-step", subject: subjectText(receiver), optimizers: [] };
    const indices =
      linkedCalls(receiver, scope, (each) => indexOf.has(each), reach).size > 0 || isOptimizerNamed(receiver);
    if (indices) return { kind: "optimizer-step", subject: subjectText(receiver), optimizers: linked(receiver, scope) };
    if (/engine/i.test(text)) {
      return { kind: "optimizer-step", subject: subjectText(receiver), optimizers: [], wrapper: "DeepSpeed" };
    }
    const made = linkedCalls(receiver, scope, (each, from) => wrapperConstructor(each, from) === "DeepSpeed");
    // `clipper.step(amp.master_params(optimizer))` may clip.
    if (made.size === 0)
      return argument !== undefined && isParameters(argument)
        ? { kind: "unknown-call-with-model", subject: subjectText(receiver), optimizers: [] }
        : null;
    return { kind: "optimizer-step", subject: subjectText(receiver), optimizers: [], wrapper: "DeepSpeed" };
  }

  function clipOrUnknown(expression: Call, name: string, receiver: Expression | null, scope: Scope): Classified | null {
    const first = expression.arguments[0]?.value;
    if (/clip/i.test(name) && /grad|norm/i.test(name)) {
      if (isInfinite(expression)) return null;
      const wrapper =
        receiver !== null && /accelerat|fabric|engine/i.test(terminalText(receiver))
          ? wrapperOf(receiver, terminalText(receiver), scope)
          : null;
      const given = first !== undefined && isOptimizerNamed(first) ? linked(first, scope) : ofParameters(first, scope);
      return { kind: "clip", subject: textOf(first), optimizers: given, ...(wrapper === null ? {} : { wrapper }) };
    }
    if (receiver !== null && /^(clamp|clip|mul|div|copy|nan_to_num)_$/.test(name) && readsGradient(receiver)) {
      const kind = /^cl/.test(name) || scalesToNorm(expression, scope) ? "clip" : "unknown-call-with-model";
      return { kind, subject: subjectText(receiver), optimizers: [] };
    }
    if (/^_foreach_(mul|div|clamp)/.test(name)) return { kind: "clip", subject: textOf(first), optimizers: [] };
    return receivesTrainedState(expression, name, receiver, scope)
      ? { kind: "unknown-call-with-model", subject: subjectText(expression.callee), optimizers: [] }
      : null;
  }

  /** `clip_grad_norm_(parameters, float("inf"))` reads the norm and clips nothing. */
  function isInfinite(call: Call): boolean {
    const threshold = argumentFor(call, "max_norm", 1);
    if (threshold === null || threshold === "unclear") return false;
    const { value } = threshold;
    if (value.kind === "attribute") return value.name === "inf";
    const [text] = value.kind === "call" && terminalName(value.callee) === "float" ? value.arguments : [];
    return text?.value.kind === "string" && /^\+?inf(inity)?$/i.test(text.value.value ?? "");
  }

  /** A function of another file that is handed the optimizer or the parameters can do anything to the gradients. */
  function receivesTrainedState(expression: Call, name: string, receiver: Expression | null, scope: Scope): boolean {
    if (harmless.test(name)) return false;
    const handed = expression.arguments.some(({ value }) => isOptimizerValue(value, scope) || isParameters(value));
    if (!handed) return false;
    if (definedInFile(expression, scope)) return false;
    const qualified = qualifiedName(expression.callee, scope);
    if (qualified?.startsWith("torch.") === true) return false;
    return receiver === null || !isScaler(receiver, scope);
  }

  function isOptimizerValue(value: Expression, scope: Scope): boolean {
    if (value.kind !== "name" && value.kind !== "attribute") return false;
    if (!isOptimizerNamed(value)) return false;
    return !/options?$/i.test(terminalText(value)) && value.kind !== "attribute" ? isNoNamespace(value, scope) : true;
  }

  function isNoNamespace(value: Expression, scope: Scope): boolean {
    return value.kind !== "name" || value.name !== "opt" || linked(value, scope).length > 0;
  }

  function assignment({ targets, operator, value }: Assignment, scope: Scope): Classified | null {
    const target = targets[0];
    if (target === undefined || value === null || !isGradientPlace(target)) return null;
    const subject = subjectText(target);
    if (operator === "=" && value.kind === "null") return { kind: "zero-grad", subject, optimizers: [] };
    const text = scope.source.text.slice(value.start, value.end);
    const clips = /clamp|clip|coef|max_?norm|scale/i.test(text);
    return { kind: clips ? "clip" : "unknown-call-with-model", subject, optimizers: [] };
  }

  return { call, assignment, runsCallbacks: null };
}

/** `model(x)` of a class, here or in another file, whose `forward` begins with `self.zero_grad()`. */
function zeroesInForward(callee: Expression, scope: Scope): boolean {
  if (callee.kind !== "name") return false;
  return (bindingsOf(callee.name, scope) ?? []).some((binding) => {
    if (binding.kind !== "assignment" || binding.value.kind !== "call" || binding.value.callee.kind !== "name")
      return false;
    const { name } = binding.value.callee;
    const last = bindingsOf(name, binding.scope)?.at(-1);
    const own =
      last?.kind === "class"
        ? binding.scope.source.classes.get(last.definition)
        : classElsewhere(definitionElsewhere(name, binding.scope));
    const forward = own?.methods.get("forward");
    if (forward === undefined) return false;
    return /self\.zero_grad\(/.test(forward.scope.source.text.slice(forward.definition.start, forward.definition.end));
  });
}

/** `loss_scaler(…)`, by its name. */
export function isCalledScaler(name: string): boolean {
  return /(^|_)scaler$/.test(name);
}

/** The loss behind `with amp.scale_loss(loss, optimizer) as scaled_loss`. */
function scaledByApex(receiver: Expression, scope: Scope): Expression | null {
  if (receiver.kind !== "name") return null;
  const last = bindingsOf(receiver.name, scope)?.at(-1);
  if (last?.kind !== "context" || last.value.kind !== "call") return null;
  return terminalName(last.value.callee) === "scale_loss" ? (last.value.arguments[0]?.value ?? null) : null;
}

/** Whether a call makes a GradScaler. */
export function isGradScaler(call: Call, scope: Scope): boolean {
  const name = terminalName(call.callee);
  if (name !== "GradScaler" && name !== "ShardedGradScaler") return false;
  const qualified = qualifiedName(call.callee, scope);
  return qualified === null || /^torch\./.test(qualified);
}

function isSchedulerConstructor(call: Call, scope: Scope): boolean {
  const name = terminalName(call.callee) ?? "";
  if (/^get_\w*schedule/.test(name)) return true;
  return qualifiedName(call.callee, scope)?.startsWith("torch.optim.lr_scheduler.") === true;
}

function wrapperConstructor(call: Call, scope: Scope): string | null {
  const name = terminalName(call.callee) ?? "";
  if (name === "Accelerator") return "Accelerate";
  if (name === "Fabric") return "Lightning Fabric";
  if (name !== "initialize") return null;
  return qualifiedName(call.callee, scope)?.startsWith("deepspeed") === true ? "DeepSpeed" : null;
}

const harmless =
  /save|load|checkpoint|state_dict|log|print|param_groups|adjust|lr|learning_rate|sched|warm|^(len|list|sum|max|min|any|all|set|iter|next|zip|enumerate|isinstance|type|id|tuple|map|filter|hasattr|getattr|setattr|repr|str|append|extend|named_parameters|parameters|numel|prepare|initialize|setup|DataParallel|DistributedDataParallel|norm|watch|ema|update|count\w*|num_\w*|freeze|unfreeze|requires_grad_?|master_params|scale_loss|set_requires_grad|toggle_grad|broadcast\w*|deepcopy|eval|train|to|cuda|chain|backward|step)$/i;

function isOptimizerNamed(expression: Expression): boolean {
  const text = terminalText(expression);
  return optimizerName.test(text) && !/options?$|^optional|adopt/i.test(text);
}

function isParameters(value: Expression): boolean {
  return value.kind === "call" && /^(parameters|master_params)$/.test(terminalName(value.callee) ?? "");
}

function definedInFile(call: Call, scope: Scope): boolean {
  const { functionsByName } = scope.source;
  const name = terminalName(call.callee);
  return name !== null && functionsByName.has(name);
}

/** The last plain name of a receiver: `optimizer` of `self.optimizer` and of `optimizers["g"]`. */
function terminalText(expression: Expression): string {
  if (expression.kind === "subscript") return terminalText(expression.object);
  if (expression.kind === "call") return terminalName(expression.callee) ?? "";
  return terminalName(expression) ?? "";
}

function isGradientPlace(expression: Expression): boolean {
  if (expression.kind !== "attribute") return false;
  return expression.name === "grad" || (expression.name === "data" && isGradientPlace(expression.object));
}

function readsGradient(expression: Expression): boolean {
  return someExpression(expression, (part) => part.kind === "attribute" && part.name === "grad");
}

/** `p.grad.mul_(clip_coef)`: a factor whose name says that it limits. */
function scalesToNorm(call: Call, scope: Scope): boolean {
  const text = call.arguments.map(({ value }) => scope.source.text.slice(value.start, value.end)).join(" ");
  return /clip|norm|coef|max|scale|factor/i.test(text);
}

function textOf(expression: Expression | undefined): string | null {
  return expression === undefined ? null : (dottedText(expression) ?? subjectText(expression) ?? rootText(expression));
}

/** `model.parameters()` as it reads; other calls by their root. */
function rootText(expression: Expression): string | null {
  if (expression.kind === "call") {
    const callee = subjectText(expression.callee);
    if (callee !== null && expression.arguments.length === 0) return `${callee}()`;
  }
  return rootName(expression);
}

function lossOf(loss: Expression | undefined): { loss?: Expression } {
  return loss === undefined ? {} : { loss };
}
