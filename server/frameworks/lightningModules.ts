import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import {
  type AssignmentBinding,
  bindingsOf,
  type ClassInfo,
  classAround,
  functionAround,
  type SourceIndex,
} from "../facts/scope.ts";
import type { TextRange } from "../text/range.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";

const maximumBases = 8;

/** Whether a full name is one of Lightning's, by any of the names that it has been published under. */
export function isLightning(name: string | null, last: string): boolean {
  return name !== null && new RegExp(`^(pytorch_lightning|lightning(\\.pytorch)?)\\.([\\w.]+\\.)?${last}$`).test(name);
}

/** A LightningModule of the file with those of its bases that are in the file too, itself first. */
export interface LightningModule {
  readonly chain: readonly ClassInfo[];
}

/** The LightningModules of a file by their class. */
export function lightningModules(source: SourceIndex): ReadonlyMap<ClassInfo, LightningModule> {
  const modules = new Map<ClassInfo, LightningModule>();
  for (const info of source.classes.values()) {
    const chain = chainOf(info, 0);
    if (chain !== null) modules.set(info, { chain });
  }
  return modules;
}

/** Null when the bases do not lead to LightningModule. */
function chainOf(info: ClassInfo, depth: number): readonly ClassInfo[] | null {
  if (depth > maximumBases) return null;
  for (const base of info.definition.bases) {
    if (isLightning(qualifiedName(base, info.scope), "LightningModule")) return [info];
    if (base.kind !== "name") continue;
    const last = bindingsOf(base.name, info.scope)?.at(-1);
    const parent = last?.kind === "class" ? info.scope.source.classes.get(last.definition) : undefined;
    const above = parent === undefined ? null : chainOf(parent, depth + 1);
    if (above !== null) return [info, ...above];
  }
  return null;
}

/** Indices of the optimizers that a module's `configure_optimizers` builds in its own body. */
export function configuredOptimizers(
  { chain }: LightningModule,
  optimizers: readonly OptimizerSite[],
): readonly number[] {
  const owner = chain.find(({ methods }) => methods.has("configure_optimizers"));
  return optimizers.flatMap(({ site }, index) => {
    const around = functionAround(site.scope);
    return around !== null && around.owner === owner && around.definition.name === "configure_optimizers"
      ? [index]
      : [];
  });
}

/** Where a module switches to manual optimization for certain; `"unclear"` where it may. */
export function manualOptimization({ chain }: LightningModule, source: SourceIndex): TextRange | "unclear" | null {
  const own = new Set(chain);
  const assigned = (source.attributeBindings.get("self.automatic_optimization") ?? []).filter((binding) => {
    const around = classAround(binding.scope);
    return around !== null && own.has(around);
  });
  const inBody = chain.flatMap(({ scope }) => scope.bindings.get("automatic_optimization") ?? []);
  for (const binding of [...assigned, ...inBody]) {
    if (binding.kind !== "assignment") return "unclear";
    const value = assignedFlag(binding);
    if (value === "unclear") return "unclear";
    if (!value) return binding.statement;
  }
  return null;
}

function assignedFlag({ value, scope, conditional }: AssignmentBinding): boolean | "unclear" {
  const resolved = resolve(value, scope);
  if (!resolved.known || resolved.alternatives.length > 0 || conditional) return "unclear";
  return resolved.value !== false;
}
