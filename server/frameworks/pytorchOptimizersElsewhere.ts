import { linkedCalls } from "../facts/linkedCalls.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { Call } from "../syntax/tree.ts";
import { siteOf } from "./pytorchFlags.ts";
import { type OptimizerSite, torchOptimizerAt } from "./pytorchOptimizers.ts";

/**
 * Optimizers that a file steps and another file of the workspace builds: handed over by a caller, or returned by a function that is
 * imported. Their ranges are those of the other file.
 */
export function collectTorchOptimizersElsewhere(
  source: SourceIndex,
  libraryVersions: ReadonlyMap<string, string>,
): readonly OptimizerSite[] {
  const version = libraryVersions.get("torch") ?? null;
  const found = new Map<Call, OptimizerSite>();
  const isBuiltElsewhere = (call: Call, from: Scope): boolean => {
    if (from.source === source) return false;
    const site = siteOf(call, from.source);
    const built = site === null ? null : torchOptimizerAt(site, version);
    if (built !== null) found.set(call, builtElsewhere(built));
    return built !== null;
  };
  for (const { call, scope } of source.callsByTerminalName.get("step") ?? []) {
    if (call.callee.kind !== "attribute") continue;
    linkedCalls(call.callee.object, scope, isBuiltElsewhere, "workspace");
    const [first] = call.arguments;
    if (first !== undefined) linkedCalls(first.value, scope, isBuiltElsewhere, "workspace");
  }
  return [...found.values()];
}

/** Names mean other things there: what it is bound to and the text of its parameters are left out. */
function builtElsewhere({ fact, site }: OptimizerSite): OptimizerSite {
  const { path } = site.scope.source;
  return { site, fact: { ...fact, elsewhere: path, boundTo: null, parametersText: null, hasParameterGroups: false } };
}
