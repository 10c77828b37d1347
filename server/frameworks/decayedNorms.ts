import type { DecayedNormFact } from "../facts/decayedNormFacts.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { type CallSite, type ClassInfo, classAround, type SourceIndex } from "../facts/scope.ts";
import type { FrameworkName, OptimizerFact } from "../facts/trainingFacts.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";

/** Any sign that some parameters are not decayed. */
const exempts =
  /no_?(weight_?)?decay|(?<!\.)param(eter)?_groups|param_groups_(weight|layer)|grouped_parameters|optim_groups|decay_param|add_param_group|bias_decay|norm_decay|exclude_from_weight_decay|add_weight_decay|(ndim|\.dim\(\))\s*[<>=]|\.bias\b[^\n]*decay/i;

interface Site {
  readonly fact: OptimizerFact;
  readonly site: CallSite;
}

/** Optimizers of torch that are handed all parameters of a model of this file, which has norm layers. */
export function collectTorchDecayedNorms(source: SourceIndex, optimizers: readonly Site[]): readonly DecayedNormFact[] {
  if (exempts.test(source.text)) return [];
  return optimizers.flatMap(({ fact, site }, index): readonly DecayedNormFact[] => {
    if (fact.elsewhere !== undefined || fact.hasParameterGroups || site.scope.source !== source) return [];
    const given = site.call.arguments.find(({ name }, place) => (name === null && place === 0) || name === "params");
    const model = given === undefined ? null : wholeModel(given.value);
    if (given === undefined || model === null) return [];
    const norm = normOf(model, site, source);
    if (norm === null) return [];
    const { start, end } = given.value;
    return [{ ...norm, framework: "pytorch", optimizers: [index], parameters: { start, end } }];
  });
}

/** `model` of `model.parameters()`. */
function wholeModel(value: Expression): Expression | null {
  if (value.kind !== "call" || value.arguments.length > 0 || value.callee.kind !== "attribute") return null;
  return value.callee.name === "parameters" ? value.callee.object : null;
}

type Norm = TextRange & { readonly shownBy: string };

/** A norm layer with weights in what a model is made of, through classes of the file. */
function normOf(model: Expression, { scope }: CallSite, source: SourceIndex): Norm | null {
  const byName = new Map([...source.classes.values()].map((each) => [each.definition.name, each]));
  const visited = new Set<ClassInfo>();

  function within(range: TextRange): Norm | null {
    for (const { call, scope: from } of source.calls) {
      if (call.start < range.start || call.end > range.end) continue;
      if (isNorm(call, qualifiedName(call.callee, from), source)) {
        const { start, end } = call.callee;
        return { start, end, shownBy: source.text.slice(start, end) };
      }
      // A class can be handed on: `ResNet(ResidualBlock, [2, 2, 2])`.
      for (const part of [call.callee, ...call.arguments.map(({ value }) => value)]) {
        const own = byName.get(terminalName(part) ?? "");
        const found = own === undefined ? null : inClass(own);
        if (found !== null) return found;
      }
    }
    return null;
  }

  function inClass(own: ClassInfo): Norm | null {
    if (visited.has(own)) return null;
    visited.add(own);
    return within(own.definition);
  }

  if (model.kind === "name" && model.name === "self") {
    const own = classAround(scope);
    return own === null ? null : inClass(own);
  }
  const isModel = (call: Call) => {
    const name = terminalName(call.callee) ?? "";
    return byName.has(name) || /^(Sequential|ModuleList)$/.test(name) || moves.test(name);
  };
  const made = new Set([...linkedCalls(model, scope, isModel)].flatMap((call) => unmoved(call) ?? []));
  const [only, ...more] = made;
  return only === undefined || more.length > 0 || !isModel(only) ? null : within(only);
}

const moves = /^(to|cuda|cpu|float|double|train|requires_grad_|apply)$/;

/** `Net()` of `Net().to(device)`; null for `net.to(device)`, whose net is met where it is made. */
function unmoved(call: Call): Call | null {
  if (call.callee.kind !== "attribute" || !moves.test(call.callee.name)) return call;
  return call.callee.object.kind === "call" ? unmoved(call.callee.object) : null;
}

/** A norm of torch that has a weight and a bias. */
function isNorm(call: Call, qualified: string | null, source: SourceIndex): boolean {
  if (
    qualified === null ||
    !/^torch\.nn\.(LayerNorm|RMSNorm|GroupNorm|(Lazy|Sync)?BatchNorm([123]d)?)$/.test(qualified)
  ) {
    return false;
  }
  return !/affine\s*=\s*False/.test(source.text.slice(call.start, call.end));
}

const kerasNorm = /^(BatchNormalization|LayerNormalization|GroupNormalization|RMSNormalization)$/;
const flaxNorm = /^(LayerNorm|BatchNorm|RMSNorm|GroupNorm)$/;

/** Keras and optax decay whatever they are not told to leave out. */
export function collectOtherDecayedNorms(
  source: SourceIndex,
  optimizers: readonly Site[],
  framework: Extract<FrameworkName, "keras" | "optax">,
): readonly DecayedNormFact[] {
  if (exempts.test(source.text) || /\bmask\b|multi_transform|masked/.test(source.text)) return [];
  const named = framework === "keras" ? kerasNorm : flaxNorm;
  const norm = source.calls.find(
    ({ call, scope }) =>
      named.test(terminalName(call.callee) ?? "") &&
      (framework === "keras" || /^flax\./.test(qualifiedName(call.callee, scope) ?? "")),
  );
  // Of several optimizers, which one steps the model with the norm is not said here.
  const [only, ...more] = optimizers;
  if (norm === undefined || only === undefined || more.length > 0) return [];
  const { start, end } = norm.call.callee;
  return [{ start, end, framework, optimizers: [0], shownBy: source.text.slice(start, end), parameters: null }];
}
