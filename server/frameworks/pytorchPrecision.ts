import { argumentFor, type Candidate, candidatesOfName } from "../facts/candidates.ts";
import { dottedText, rootName, subjectText, terminalName } from "../facts/dottedText.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import { type CallSite, functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { PrecisionFact } from "../facts/trainingFacts.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { rangeOf } from "../text/range.ts";
import { isGradScaler } from "./pytorchEvents.ts";
import { enabledBy, guardedOn } from "./pytorchFlags.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import type { LoopDraft } from "./trainingEvents.ts";

type FloatType = PrecisionFact["type"];

/** Where a file computes or keeps parameters in half precision, with the flag that switches it on. */
export function collectTorchPrecision(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
  loops: readonly LoopDraft[],
): readonly PrecisionFact[] {
  const facts: PrecisionFact[] = [];
  for (const site of source.callsByTerminalName.get("autocast") ?? []) {
    const fact = isInference(site) ? null : autocastFact(site);
    if (fact !== null) facts.push(fact);
  }
  for (const name of ["GradScaler", "ShardedGradScaler"]) {
    for (const site of source.callsByTerminalName.get(name) ?? []) {
      if (!isGradScaler(site.call, site.scope)) continue;
      const enabled = enabledBy(site, "enabled", null);
      facts.push({
        ...rangeOf(site.call),
        framework: "pytorch",
        scope: "autocast",
        type: "float16",
        shownBy: name,
        enabled,
      });
    }
  }
  for (const site of source.callsByTerminalName.get("Accelerator") ?? []) {
    const fact = acceleratorFact(site);
    if (fact !== null) facts.push(fact);
  }
  for (const name of ["half", "bfloat16", "to", "from_pretrained"]) {
    for (const site of source.callsByTerminalName.get(name) ?? []) {
      const type = parameterType(site, name);
      if (type === null || !isOptimized(site, optimizers) || !isBeforeTraining(site, loops)) continue;
      facts.push({
        ...rangeOf(site.call),
        framework: "pytorch",
        scope: "parameters",
        type,
        shownBy: name === "from_pretrained" ? "torch_dtype" : `.${name}()`,
        enabled: guardedOn(site),
      });
    }
  }
  return facts.toSorted((a, b) => a.start - b.start);
}

/** Half precision in a function that runs the model and does not train it says nothing of the training. */
function isInference({ scope }: CallSite): boolean {
  const name = functionAround(scope)?.definition.name ?? "";
  return /infer|predict|generate|sampl|evaluat|validat|^(eval|val|test)(_|$)/i.test(name) && !/train/i.test(name);
}

/** `torch.autocast(device, dtype, enabled)`, `torch.amp.autocast`, and the older `torch.cuda.amp.autocast(enabled, dtype)`. */
function autocastFact(site: CallSite): PrecisionFact | null {
  const name = qualifiedName(site.call.callee, site.scope);
  if (name === null || !name.startsWith("torch.")) return null;
  const withoutDevice = name === "torch.cuda.amp.autocast" || name === "torch.cpu.amp.autocast";
  const given = argumentFor(site.call, "dtype", 1);
  const type = given === null || given === "unclear" ? defaultType(site, name) : floatType(given.value, site.scope);
  return {
    ...rangeOf(site.call),
    framework: "pytorch",
    scope: "autocast",
    type: type ?? "unknown",
    shownBy: name.replace("torch.amp.autocast_mode.", "torch.amp."),
    enabled: enabledBy(site, "enabled", withoutDevice ? 0 : 2),
  };
}

/** float16 on CUDA and bfloat16 on CPU: torch 2.13, docs amp.rst «Autocast Op Reference» and `amp/autocast_mode.py`. */
function defaultType(site: CallSite, name: string): FloatType {
  if (name === "torch.cuda.amp.autocast") return "float16";
  if (name === "torch.cpu.amp.autocast") return "bfloat16";
  const device = argumentFor(site.call, "device_type", 0);
  if (device === null || device === "unclear") return "unknown";
  const resolved = resolve(device.value, site.scope);
  if (!resolved.known || resolved.alternatives.length > 0) return "unknown";
  if (resolved.value === "cuda") return "float16";
  return resolved.value === "cpu" ? "bfloat16" : "unknown";
}

function acceleratorFact(site: CallSite): PrecisionFact | null {
  const given = argumentFor(site.call, "mixed_precision", null);
  if (given === null || given === "unclear") return null;
  const resolved = resolve(given.value, site.scope);
  if (!resolved.known) return null;
  const names = [resolved.value, ...resolved.alternatives];
  const type = names.includes("fp16") ? "float16" : names.includes("bf16") ? "bfloat16" : null;
  if (type === null) return null;
  const on = (value: unknown) => value === "fp16" || value === "bf16";
  return {
    ...rangeOf(site.call),
    framework: "pytorch",
    scope: "autocast",
    type,
    shownBy: "Accelerator",
    // A flag of the command line chooses: what holds is its default.
    enabled: {
      ...resolved,
      value: on(resolved.value),
      alternatives: resolved.overridable ? [] : resolved.alternatives.map(on),
    },
  };
}

function parameterType({ call, scope }: CallSite, name: string): FloatType | null {
  if (call.callee.kind !== "attribute") return null;
  if (name === "half") return call.arguments.length === 0 ? "float16" : null;
  if (name === "bfloat16") return call.arguments.length === 0 ? "bfloat16" : null;
  for (const argument of call.arguments) {
    const isDtype =
      argument.name === "dtype" || (name === "to" && argument.name === null) || argument.name === "torch_dtype";
    const type = isDtype ? floatType(argument.value, scope) : null;
    if (type !== null) return type;
  }
  return null;
}

function floatType(expression: Expression, scope: Scope): FloatType | null {
  const name = qualifiedName(expression, scope);
  if (name === "torch.float16" || name === "torch.half") return "float16";
  if (name === "torch.bfloat16") return "bfloat16";
  if (expression.kind !== "name") return null;
  const found = candidatesOfName(expression.name, expression, scope);
  const types = found.known ? new Set(found.candidates.map(candidateType)) : new Set<FloatType | null>();
  const [only] = types;
  return types.size === 1 ? (only ?? null) : null;
}

function candidateType({ expression, scope }: Candidate): FloatType | null {
  const name = qualifiedName(expression, scope);
  if (name === "torch.float16" || name === "torch.half") return "float16";
  return name === "torch.bfloat16" ? "bfloat16" : null;
}

/** The converted model is the one whose parameters an optimizer of the same function takes. */
function isOptimized(site: CallSite, optimizers: readonly OptimizerSite[]): boolean {
  const model = modelOf(site);
  if (model === null) return false;
  return optimizers.some(
    ({ fact, site: built }) =>
      built.scope === site.scope && fact.parametersText !== null && parametersOf(fact.parametersText, model),
  );
}

function parametersOf(text: string, model: string): boolean {
  return new RegExp(`(?<![\\w.])${model.replaceAll(".", "\\.")}\\.(named_)?parameters\\(`).test(text);
}

/** `model` of `model.half()`, of `model = Net().half()` and of `model = Net.from_pretrained(…)`. */
function modelOf({ call, statement }: CallSite): string | null {
  if (statement.kind === "assignment" && statement.value !== null && isChainOf(statement.value, call)) {
    const target = statement.targets[0];
    return target === undefined ? null : dottedText(target);
  }
  if (statement.kind !== "expression" || call.callee.kind !== "attribute") return null;
  const receiver = call.callee.object;
  return rootName(receiver) === null ? null : subjectText(receiver);
}

/** Whether a call is the value itself or inside its chain of methods, so that its result is what is bound. */
function isChainOf(value: Expression, call: Call): boolean {
  if (value === call) return true;
  if (value.kind !== "call" || value.callee.kind !== "attribute") return false;
  return terminalName(value.callee) !== "float" && isChainOf(value.callee.object, call);
}

/** Halving after the last loop is for export. */
function isBeforeTraining(site: CallSite, loops: readonly LoopDraft[]): boolean {
  const own = loops.filter((loop) => loop.loop !== null && loop.scope === site.scope);
  return own.length === 0 || own.some((loop) => loop.range.start > site.call.start);
}
