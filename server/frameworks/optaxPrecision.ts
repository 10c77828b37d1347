import { terminalName } from "../facts/dottedText.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { PrecisionFact } from "../facts/trainingFacts.ts";
import { guardedOn } from "./pytorchFlags.ts";

/** Parameters kept in half precision (`param_dtype`), and flax's dynamic loss scale, which goes with float16 computation. */
export function collectOptaxPrecision(source: SourceIndex): readonly PrecisionFact[] {
  const facts: PrecisionFact[] = [];
  for (const site of source.calls) {
    const { call, scope } = site;
    const base = { start: call.start, end: call.end, framework: "optax", enabled: guardedOn(site) } as const;
    if (terminalName(call.callee) === "DynamicScale") {
      facts.push({ ...base, scope: "autocast", type: "float16", shownBy: "DynamicScale" });
    }
    for (const { name, value } of call.arguments) {
      const type =
        name === "param_dtype"
          ? qualifiedName(value, scope)?.match(/^jax\.numpy\.(float16|bfloat16)$/)?.[1]
          : undefined;
      if (type === "float16" || type === "bfloat16")
        facts.push({ ...base, scope: "parameters", type, shownBy: `param_dtype=${type}` });
    }
  }
  return facts;
}
