import { argumentFor } from "../facts/candidates.ts";
import { candidatesOfField } from "../facts/fieldCandidates.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { Resolved } from "../facts/resolved.ts";
import type { CallSite } from "../facts/scope.ts";
import type { OptimizerArgument, OptimizerArgumentName, OptimizerFact, ScalarValue } from "../facts/trainingFacts.ts";
import type { Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { torchOptimizers } from "./pytorchDefaults.ts";

/**
 * What timm's factory builds for a name. `adam`, `nadam`, `radam` and `adamax` are torch's, whose decay is L2. Source: timm 1.0.31
 * optim/_optim_factory.py L355–460, and L1242–1257 for the defaults.
 */
const built: Readonly<Record<string, string>> = {
  adam: "Adam",
  adamw: "AdamW",
  nadam: "NAdam",
  radam: "RAdam",
  adamax: "Adamax",
  sgd: "SGD",
  nesterov: "SGD",
  momentum: "SGD",
};

/** The optimizer of `timm.optim.create_optimizer_v2(model, opt="adamw", lr=…)` and `create_optimizer(args, model)`; null for other calls. */
export function timmOptimizerAt(site: CallSite): OptimizerFact | null {
  const { call, scope } = site;
  if (!scope.source.imports.some(({ statement }) => statement.module.startsWith("timm"))) return null;
  const name = qualifiedName(call.callee, scope);
  const factory = name === null ? null : /^timm\.optim\.(?:\w+\.)?(create_optimizer(?:_v2)?)$/.exec(name)?.[1];
  if (factory === undefined || factory === null) return null;
  const namespace = factory === "create_optimizer" ? argumentFor(call, "args", 0) : namespaceOf(site);
  if (namespace === "unclear") return null;
  const read = namespace === null ? readCall(site) : readNamespace(namespace.value, site);
  const opt = read("opt", 1);
  const optName = opt?.resolved.known === true && opt.resolved.alternatives.length === 0 ? opt.resolved.value : null;
  const className = typeof optName === "string" ? built[optName.toLowerCase()] : undefined;
  const signature = className === undefined ? undefined : torchOptimizers[className];
  if (className === undefined || signature === undefined) return null;
  const { callee } = call;
  const nameRange = callee.kind === "attribute" ? callee.nameRange : callee;
  const all: Partial<Record<OptimizerArgumentName, OptimizerArgument>> = {};
  const settings = [
    ["learningRate", "lr", "lr", 2],
    ["weightDecay", "weight_decay", "weight_decay", 3],
    ["eps", "eps", "opt_eps", null],
  ] as const;
  for (const [argument, keyword, option, position] of settings) {
    const given = read(namespace === null ? keyword : option, position);
    if (given !== null) all[argument] = { ...given, name: argument, keyword };
  }
  return {
    start: call.start,
    end: call.end,
    framework: "pytorch",
    constructorName: className,
    algorithm: signature.algorithm,
    adaptive: signature.adaptive,
    adamFamily: signature.adamFamily,
    nameRange: { start: nameRange.start, end: nameRange.end },
    boundTo: boundTo(site),
    parametersText: null,
    hasParameterGroups: true,
    arguments: all,
    libraryVersion: null,
  };
}

type Read = (keyword: string, position: number | null) => Omit<OptimizerArgument, "name" | "keyword"> | null;

/** `create_optimizer_v2(model, **optimizer_kwargs(cfg=args))`. */
function namespaceOf({ call }: CallSite) {
  const spread = call.arguments.find((argument) => argument.spread !== null);
  if (spread === undefined) return null;
  if (spread.value.kind !== "call" || spread.spread !== "dictionary") return "unclear" as const;
  return argumentFor(spread.value, "cfg", 0) ?? ("unclear" as const);
}

function readCall(site: CallSite): Read {
  return (keyword, position) => {
    const given = argumentFor(site.call, keyword, position);
    if (given === null || given === "unclear") return null;
    return argument(given, given.value, resolve(given.value, site.scope));
  };
}

function readNamespace(namespace: Expression, site: CallSite): Read {
  return (keyword) => {
    const found = candidatesOfField(namespace, keyword, namespace, site.scope);
    const [only, ...others] = found.known ? found.candidates : [];
    if (only === undefined || others.length > 0) return null;
    const resolved = resolve(only.expression, only.scope);
    const chain = [
      { path: site.scope.source.path, start: namespace.start, end: namespace.end, via: only.via },
      ...resolved.chain,
    ];
    const marked = resolved.known ? { ...resolved, overridable: resolved.overridable || only.overridable } : resolved;
    return argument(null, null, { ...marked, chain });
  };
}

function argument(
  whole: { readonly start: number; readonly end: number } | null,
  value: Expression | null,
  resolved: Resolved<ScalarValue>,
): Omit<OptimizerArgument, "name" | "keyword"> {
  return {
    range: whole === null ? null : { start: whole.start, end: whole.end },
    valueRange: value === null ? null : { start: value.start, end: value.end },
    given: true,
    resolved,
  };
}
