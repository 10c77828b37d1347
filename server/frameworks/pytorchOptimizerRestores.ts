import { dottedText } from "../facts/dottedText.ts";
import type { OptimizerRestoreFact } from "../facts/optimizerRestoreFacts.ts";
import type { SourceIndex } from "../facts/scope.ts";
import { boundTo } from "./boundTo.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";

/** Where a file reads the saved state of its optimizers back. */
export function collectTorchOptimizerRestores(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
): readonly OptimizerRestoreFact[] {
  const built = optimizers.filter(({ fact }) => fact.elsewhere === undefined);
  return (source.callsByTerminalName.get("load_state_dict") ?? []).flatMap(({ call, scope, statement }) => {
    const name = call.callee.kind === "attribute" ? dottedText(call.callee.object) : null;
    if (name === null || !built.some(({ fact }) => fact.boundTo === name)) return [];
    const builtAnew = built.some(
      ({ site }) => site.scope === scope && boundTo(site) === name && site.call.start > call.end,
    );
    return [
      {
        start: call.start,
        end: call.end,
        framework: "pytorch" as const,
        optimizer: name,
        statement: { start: statement.start, end: statement.end },
        builtAnew,
      },
    ];
  });
}
