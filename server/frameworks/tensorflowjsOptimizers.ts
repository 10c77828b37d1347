import { argumentFor, candidatesOfName } from "../facts/candidates.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { Provenance } from "../facts/resolved.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, OptimizerFact, ScalarValue } from "../facts/trainingFacts.ts";
import type { DictionaryLiteral, Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";

interface Signature {
  readonly adaptive: boolean;
  readonly adamFamily: boolean;
  /** In positional order; a parameter without a name in facts only counts for positions. An undefined default must be given. */
  readonly parameters: readonly (readonly [
    keyword: string,
    name: OptimizerArgumentName | null,
    defaultValue?: number | undefined,
  ])[];
  /** The learning rate of the optimizer that `compile` makes of the bare name. Source: tfjs-layers 4.22, src/optimizers.ts. */
  readonly byNameRate: number;
}

/** What `epsilon = null` becomes on a backend of 32-bit floats: tfjs-core 4.22, backends/backend.js L17–18, L100. */
const backendEpsilon = 1e-7;
const rate = (value?: number) => ["learningRate", "learningRate", value] as const;
const beta1 = ["beta1", "beta1", 0.9] as const;
const beta2 = ["beta2", "beta2", 0.999] as const;
const epsilon = ["epsilon", "eps", backendEpsilon] as const;

/** Constructors of `tf.train`. Source: tfjs-core 4.22, optimizers/optimizer_constructors.js; none has clipping or weight decay. */
const signatures: Readonly<Record<string, Signature>> = {
  adam: { adaptive: true, adamFamily: true, parameters: [rate(1e-3), beta1, beta2, epsilon], byNameRate: 1e-3 },
  adamax: { adaptive: true, adamFamily: true, parameters: [rate(2e-3), beta1, beta2, epsilon], byNameRate: 2e-3 },
  rmsprop: {
    adaptive: true,
    adamFamily: false,
    parameters: [rate(), ["decay", null], ["momentum", "momentum", 0], epsilon],
    byNameRate: 1e-3,
  },
  adagrad: { adaptive: true, adamFamily: false, parameters: [rate()], byNameRate: 1e-2 },
  adadelta: { adaptive: true, adamFamily: false, parameters: [rate(1e-3), ["rho", null], epsilon], byNameRate: 1 },
  sgd: { adaptive: false, adamFamily: false, parameters: [rate()], byNameRate: 1e-2 },
  momentum: { adaptive: false, adamFamily: false, parameters: [rate(), ["momentum", "momentum"]], byNameRate: 1e-2 },
};

/** An optimizer with what it was read from: a call, or the name in `compile({optimizer: "adam"})`. */
export interface TfjsOptimizerSite {
  readonly fact: OptimizerFact;
  readonly site: CallSite;
}

/** The optimizers that a file makes by `tf.train.…` or names in `compile`. */
export function collectTfjsOptimizers(source: SourceIndex): readonly TfjsOptimizerSite[] {
  const found: TfjsOptimizerSite[] = [];
  for (const [algorithm, signature] of Object.entries(signatures)) {
    for (const site of source.callsByTerminalName.get(algorithm) ?? []) {
      const name = qualifiedName(site.call.callee, site.scope);
      if (name === `tf.train.${algorithm}`) found.push({ fact: constructed(site, algorithm, signature), site });
    }
  }
  for (const site of source.callsByTerminalName.get("compile") ?? []) {
    const fact = named(site);
    if (fact !== null) found.push({ fact, site });
  }
  return found.toSorted((a, b) => a.fact.start - b.fact.start);
}

function constructed(site: CallSite, algorithm: string, signature: Signature): OptimizerFact {
  const { call, scope } = site;
  const all: Partial<Record<OptimizerArgumentName, OptimizerArgument>> = {};
  signature.parameters.forEach(([keyword, name, defaultValue], index) => {
    if (name === null) return;
    const given = argumentFor(call, null, index);
    if (given === null || given === "unclear" || given.value.kind === "null") {
      if (defaultValue === undefined && given === null) return;
      all[name] = defaulted(name, keyword, defaultValue ?? null, placeOf(call.callee, scope));
      return;
    }
    const { value } = given;
    const range = { start: given.start, end: given.end };
    const valueRange = { start: value.start, end: value.end };
    all[name] = { name, keyword, range, valueRange, given: true, resolved: resolve(value, scope) };
  });
  return {
    ...base(algorithm, signature, `train.${algorithm}`),
    start: call.start,
    end: call.end,
    nameRange: trainNameRange(call.callee),
    boundTo: boundTo(site),
    arguments: all,
  };
}

/** `train.adam` of `tf.train.adam`, the bare name otherwise. */
function trainNameRange(callee: Expression): { readonly start: number; readonly end: number } {
  if (callee.kind !== "attribute") return { start: callee.start, end: callee.end };
  const { object } = callee;
  const start = object.kind === "attribute" ? object.nameRange.start : object.start;
  return { start, end: callee.end };
}

function named({ call, scope }: CallSite): OptimizerFact | null {
  const entry = compiledOptimizer(call.arguments[0]?.value, scope);
  if (entry?.kind !== "string" || entry.value === null) return null;
  const algorithm = entry.value.toLowerCase();
  const signature = Object.hasOwn(signatures, algorithm) ? signatures[algorithm] : undefined;
  if (signature === undefined) return null;
  const all: Partial<Record<OptimizerArgumentName, OptimizerArgument>> = {};
  for (const [keyword, name, defaultValue] of signature.parameters) {
    const value = name === "learningRate" ? signature.byNameRate : defaultValue;
    if (name !== null && value !== undefined) all[name] = defaulted(name, keyword, value, placeOf(entry, scope));
  }
  const range = { start: entry.start, end: entry.end };
  return { ...base(algorithm, signature, algorithm), ...range, nameRange: range, boundTo: null, arguments: all };
}

/** The `optimizer` entry of the object that `compile` takes. */
export function compiledOptimizer(options: Expression | undefined, scope: Scope): Expression | null {
  const dictionary = options === undefined ? null : dictionaryOf(options, scope);
  const entry = dictionary?.entries.find(
    ({ key }) =>
      (key?.kind === "name" && key.name === "optimizer") || (key?.kind === "string" && key.value === "optimizer"),
  );
  return entry?.value ?? null;
}

function dictionaryOf(options: Expression, scope: Scope): DictionaryLiteral | null {
  if (options.kind === "dictionary") return options;
  if (options.kind !== "name") return null;
  const found = candidatesOfName(options.name, options, scope);
  const only = found.known && found.candidates.length === 1 ? found.candidates[0]?.expression : undefined;
  return only?.kind === "dictionary" ? only : null;
}

function base(algorithm: string, signature: Signature, constructorName: string) {
  return {
    framework: "tensorflowjs",
    constructorName,
    algorithm,
    adaptive: signature.adaptive,
    adamFamily: signature.adamFamily,
    parametersText: null,
    hasParameterGroups: false,
    libraryVersion: null,
  } as const;
}

function defaulted(
  name: OptimizerArgumentName,
  keyword: string,
  value: ScalarValue,
  place: Provenance,
): OptimizerArgument {
  const resolved = { known: true, value, alternatives: [], chain: [place], overridable: false } as const;
  return { name, keyword, range: null, valueRange: null, given: false, resolved };
}

function placeOf(expression: Expression, scope: Scope): Provenance {
  return { path: scope.source.path, start: expression.start, end: expression.end, via: "library default" };
}
