import { argumentFor } from "../facts/candidates.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, ClassInfo, SourceIndex } from "../facts/scope.ts";
import { bindingsOf } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, OptimizerFact } from "../facts/trainingFacts.ts";
import type { Parameter } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import type { Framework } from "./framework.ts";
import { setOptimizerArgument } from "./pytorchOptimizerFixes.ts";

/** Names under which people write an optimizer themselves, in from-scratch code without a library. */
const algorithms: Readonly<Record<string, { readonly adaptive: boolean; readonly adamFamily: boolean }>> = {
  Adam: { adaptive: true, adamFamily: true },
  AdamW: { adaptive: true, adamFamily: true },
  NAdam: { adaptive: true, adamFamily: true },
  AMSGrad: { adaptive: true, adamFamily: true },
  RMSprop: { adaptive: true, adamFamily: false },
  RMSProp: { adaptive: true, adamFamily: false },
  Adagrad: { adaptive: true, adamFamily: false },
  AdaGrad: { adaptive: true, adamFamily: false },
  SGD: { adaptive: false, adamFamily: false },
};
/** `alpha` is Kingma and Ba's name for the rate. */
const argumentNames: Readonly<Record<string, OptimizerArgumentName>> = {
  lr: "learningRate",
  learning_rate: "learningRate",
  alpha: "learningRate",
  eps: "eps",
  epsilon: "eps",
};
/** Code that names one of these takes its optimizers from there, or subclasses them. */
const library = /\b(torch|tensorflow|keras|jax|optax|mxnet|paddle|chainer|tinygrad|mlx)\b/;

/** Optimizers that a script defines itself: a class with an optimizer's name, a rate, and a method that steps. */
export const handWritten: Framework = {
  name: "handwritten",
  title: "an optimizer of the script's own",
  language: "python",
  mentions: Object.keys(algorithms).map((name) => `class ${name}`),
  collect(source) {
    if (library.test(source.text)) return null;
    const optimizers = [...source.classes.values()].flatMap((info) => optimizersOf(info, source));
    return optimizers.length === 0 ? null : { optimizers };
  },
  fixes: { setOptimizerArgument },
};

function optimizersOf(info: ClassInfo, source: SourceIndex): readonly OptimizerFact[] {
  const { name, bases } = info.definition;
  const algorithm = Object.hasOwn(algorithms, name) ? algorithms[name] : undefined;
  const parameters = info.methods.get("__init__")?.definition.parameters.slice(1) ?? [];
  const steps = [...info.methods.keys()].some((method) => /^(step|update|__call__|apply)/.test(method));
  const hasRate = parameters.some((parameter) => argumentNames[parameter.name] === "learningRate");
  if (algorithm === undefined || !steps || !hasRate || bases.length > 1) return [];
  return (source.callsByTerminalName.get(name) ?? [])
    .filter((site) => builds(site, info))
    .map((site) => ({
      start: site.call.start,
      end: site.call.end,
      framework: "handwritten",
      constructorName: name,
      algorithm: name.toLowerCase(),
      ...algorithm,
      nameRange: { start: site.call.callee.start, end: site.call.callee.end },
      boundTo: boundTo(site),
      parametersText: null,
      hasParameterGroups: false,
      arguments: Object.fromEntries(
        parameters.flatMap((parameter, position) => {
          const argument = argumentOf(parameter, position, site, info);
          return argument === null ? [] : [[argument.name, argument]];
        }),
      ),
      libraryVersion: null,
    }));
}

function builds({ call, scope }: CallSite, info: ClassInfo): boolean {
  if (call.callee.kind !== "name") return false;
  const bindings = bindingsOf(call.callee.name, scope) ?? [];
  return bindings.length === 1 && bindings[0]?.kind === "class" && bindings[0].definition === info.definition;
}

/** The argument of a call for a parameter of the class: given, or the default that the class has for it. */
function argumentOf(
  { name: keyword, defaultValue }: Parameter,
  position: number,
  site: CallSite,
  info: ClassInfo,
): OptimizerArgument | null {
  const name = argumentNames[keyword];
  if (name === undefined) return null;
  const given = argumentFor(site.call, keyword, position);
  if (given === "unclear") return null;
  if (given !== null) {
    const { start, end, value } = given;
    const resolved = resolve(value, site.scope);
    return {
      name,
      keyword,
      range: { start, end },
      valueRange: { start: value.start, end: value.end },
      given: true,
      resolved,
    };
  }
  if (defaultValue === null) return null;
  const resolved = resolve(defaultValue, info.scope);
  return { name, keyword, range: null, valueRange: null, given: false, resolved };
}
