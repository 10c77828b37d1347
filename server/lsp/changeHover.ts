import type { TrainingFacts } from "../facts/trainingFacts.ts";
import { changedHyperparameters, shortName } from "../rules/hyperparameterChanges.ts";
import type { Baseline } from "../rules/rule.ts";
import type { TextRange } from "../text/range.ts";
import { locationOf, type Program } from "./programs.ts";

/** At a changed hyperparameter: a table of all that differ from the earlier state, the one at hand first; null elsewhere. */
export function changeHover(
  program: Program,
  facts: TrainingFacts,
  baseline: Baseline,
  offset: number,
): { readonly markdown: string; readonly range: TextRange } | null {
  const changes = changedHyperparameters(baseline.hyperparameters, facts.hyperparameters);
  const here = changes.find(({ after }) => after.some(({ valueRange }) => holds(valueRange, offset)));
  const range = here?.after.find(({ valueRange }) => holds(valueRange, offset))?.valueRange;
  if (here === undefined || range === undefined) return null;
  const rows = [here, ...changes.filter((change) => change !== here)].map(({ before, after }) => {
    const lines = after.map(({ valueRange }) => locationOf(program, valueRange)?.range.start.line ?? 0);
    const stands = `line ${lines.map((line) => line + 1).join(", ")}`;
    const was = before.place === null ? "" : ` (${before.place})`;
    return `| ${shortName(after[0].name)} | \`${inTable(before.valueText)}\`${was} | \`${inTable(after[0].valueText)}\` (${stands}) |`;
  });
  const title = `**Changed since ${baseline.name}**`;
  return { markdown: [title, "", "| setting | then | now |", "| --- | --- | --- |", ...rows].join("\n"), range };
}

function inTable(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("`", "'");
}

function holds({ start, end }: TextRange, offset: number): boolean {
  return start <= offset && offset <= end;
}
