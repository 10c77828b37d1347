import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { ReportedFile } from "./reportedFile.ts";
import { plural } from "./textReport.ts";

/** `check --statistics`: findings by rule, then the values about which rules could not tell and why, most frequent first. */
export function statisticsReport(files: readonly ReportedFile[]): string {
  const rules = counted(files.flatMap(({ diagnostics }) => diagnostics.map(({ rule }) => rule)));
  const unknown = counted(files.flatMap(({ facts }) => (facts === null ? [] : unknownReasons(facts))));
  const lines = [
    ...rules.map(([rule, count]) => `${String(count).padStart(5)}  ${rule}`),
    ...(unknown.length === 0 ? [] : ["", "Could not tell:"]),
    ...unknown.map(([reason, count]) => `${String(count).padStart(5)}  ${reason}`),
    "",
    `${plural(files.length, "file")}, ${plural(files.filter(({ facts }) => (facts?.frameworks.length ?? 0) > 0).length, "file")} with training code.`,
  ];
  return `${lines.join("\n")}\n`;
}

function unknownReasons(facts: TrainingFacts): readonly string[] {
  return facts.optimizers.flatMap((optimizer) =>
    Object.values(optimizer.arguments).flatMap(({ keyword, resolved }) =>
      resolved.known ? [] : [`${optimizer.constructorName} ${keyword}: ${resolved.reason}`],
    ),
  );
}

function counted(names: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0], "en"));
}
