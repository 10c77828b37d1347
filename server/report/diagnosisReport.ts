import type { DiagnosisReport, ReportedRun } from "../monitor/logDiagnosis.ts";

/** The report as JSON, indented by two blanks, with a line end. */
export function diagnosisJson(report: DiagnosisReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** The report for a terminal, uncoloured: each run with its verdicts, or that nothing was found and what was looked at. */
export function diagnosisText(report: DiagnosisReport): string {
  return report.runs.map(runText).join("\n");
}

function runText(run: ReportedRun): string {
  const lines = [`${run.name}  ${extentText(run)}`];
  if (run.verdicts.length === 0 && run.steps.length > 0) {
    lines.push(`  Nothing found (${run.checks.ran} ${run.checks.ran === 1 ? "check" : "checks"} ran).`);
  }
  for (const verdict of run.verdicts) {
    lines.push(
      `  ${verdict.severity}: ${verdict.headline} [${verdict.kind}, ${Math.round(100 * verdict.confidence)} % sure]`,
    );
    lines.push(...verdict.evidence.map((sentence) => `    · ${sentence}`));
    for (const { cause, why, rules } of verdict.causes) {
      lines.push(`    ${cause}: ${why}${rules.length === 0 ? "" : ` (${rules.join(", ")})`}`);
    }
    if (verdict.next_step !== "") {
      lines.push(`    Next: ${verdict.next_step}`);
    }
    if (verdict.code !== null) {
      lines.push(`    At ${verdict.code.filename}:${verdict.code.row}:${verdict.code.column}`);
    }
  }
  lines.push(...run.checks.silent.map(({ kind, why }) => `  Not checked: ${kind} (${why})`));
  return `${lines.join("\n")}\n`;
}

function extentText(run: ReportedRun): string {
  const [first, last] = run.steps;
  const records = run.sources.reduce((sum, source) => sum + source.records, 0);
  const format = run.sources.map((source) => source.format).join(", ");
  return first === undefined || last === undefined
    ? `${format}, no records`
    : `${format}, ${records.toLocaleString("en-US")} ${records === 1 ? "record" : "records"}, steps ${Number(first).toLocaleString("en-US")}–${Number(last).toLocaleString("en-US")}`;
}
