import { argumentFor } from "../facts/candidates.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { FrameworkName, PrecisionFact } from "../facts/trainingFacts.ts";
import { guardedOn } from "./pytorchFlags.ts";
import { tensorflowName } from "./tensorflowNames.ts";

const policies: Readonly<Record<string, Pick<PrecisionFact, "scope" | "type">>> = {
  mixed_float16: { scope: "autocast", type: "float16" },
  mixed_bfloat16: { scope: "autocast", type: "bfloat16" },
  float16: { scope: "parameters", type: "float16" },
  bfloat16: { scope: "parameters", type: "bfloat16" },
};

/** The global policies and graph rewrites that a TensorFlow or Keras file sets. */
export function collectKerasPrecision(source: SourceIndex, framework: FrameworkName): readonly PrecisionFact[] {
  const facts: PrecisionFact[] = [];
  for (const name of ["set_global_policy", "set_policy", "set_dtype_policy", "set_floatx"]) {
    for (const site of source.callsByTerminalName.get(name) ?? []) {
      const policy = policyOf(site);
      if (policy !== null) facts.push({ ...base(site, framework), ...policy, shownBy: name });
    }
  }
  for (const site of source.callsByTerminalName.get("enable_mixed_precision_graph_rewrite") ?? []) {
    const shownBy = "enable_mixed_precision_graph_rewrite";
    facts.push({ ...base(site, framework), scope: "autocast", type: "float16", shownBy });
  }
  return facts.toSorted((a, b) => a.start - b.start);
}

function base(site: CallSite, framework: FrameworkName) {
  return { start: site.call.start, end: site.call.end, framework, enabled: guardedOn(site) };
}

/** The policy by its name, through `Policy("mixed_float16")` and a variable that holds it. */
function policyOf({ call, scope }: CallSite): Pick<PrecisionFact, "scope" | "type"> | null {
  if (tensorflowName(call.callee, scope) === null) return null;
  const given = argumentFor(call, null, 0);
  if (given === null || given === "unclear") return null;
  let { value } = given;
  let from = scope;
  if (value.kind === "name") {
    const bindings = scope.bindings.get(value.name) ?? scope.source.moduleScope.bindings.get(value.name);
    const only = bindings?.length === 1 ? bindings[0] : undefined;
    if (only?.kind === "assignment" && only.value.kind === "call") {
      value = only.value;
      from = only.scope;
    }
  }
  if (value.kind === "call") {
    const first = argumentFor(value, "name", 0);
    if (first === null || first === "unclear") return null;
    value = first.value;
  }
  const resolved = resolve(value, from);
  if (!resolved.known || resolved.alternatives.length > 0 || typeof resolved.value !== "string") return null;
  return policies[resolved.value] ?? null;
}
