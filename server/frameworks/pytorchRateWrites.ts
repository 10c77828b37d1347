import { terminalName } from "../facts/dottedText.ts";
import type { LearningRateWriteFact } from "../facts/schedulerFacts.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";
import { walkStatements } from "../syntax/walk.ts";

/** Where a file sets a learning rate itself: in a parameter group, through a Noam wrapper, by a range test. */
export function collectTorchRateWrites(source: SourceIndex): readonly LearningRateWriteFact[] {
  const found: LearningRateWriteFact[] = [];
  const add = ({ start, end }: { readonly start: number; readonly end: number }) =>
    found.push({ start, end, framework: "pytorch" });
  if (/["']lr["']\s*\]/.test(source.text)) {
    walkStatements(source.module.body, (statement) => {
      if (statement.kind === "assignment" && statement.targets.some(isRate)) add(statement);
      return undefined;
    });
  }
  for (const { call } of source.calls) {
    if (/^_?Noam|LRFinder|lr_find|range_test/i.test(terminalName(call.callee) ?? "")) add(call);
  }
  for (const { definition } of source.classes.values()) if (/^_?Noam/.test(definition.name)) add(definition.nameRange);
  return found;
}

/** `param_group["lr"]`, `optimizer.param_groups[0]["lr"]`. */
function isRate(target: Expression): boolean {
  if (target.kind !== "subscript" || target.index.kind !== "string" || target.index.value !== "lr") return false;
  const { object } = target;
  const name = object.kind === "subscript" ? terminalName(object.object) : terminalName(object);
  return /group|^g$|^pg$|^p$/i.test(name ?? "");
}
