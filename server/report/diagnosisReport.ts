import type { Diagnostic } from "../lint/diagnostic.ts";
import type { DiagnosisReport, ReportedAcross, ReportedRun, ReportedVerdict } from "../monitor/logDiagnosis.ts";
import { jsonFinding } from "./jsonReport.ts";
import type { ReportedFile } from "./reportedFile.ts";

/**
 * The report as JSON, indented by two blanks, with a line end. With the linted script each verdict carries the findings that it
 * names as causes, in the form of `check --format json`.
 */
export function diagnosisJson(report: DiagnosisReport, script: ReportedFile | null = null): string {
  if (script === null) return `${JSON.stringify(report, null, 2)}\n`;
  const runs = report.runs.map((run) => ({
    ...run,
    verdicts: run.verdicts.map((verdict) => ({
      ...verdict,
      findings: findingsOf(verdict.causes, script).map((finding) => jsonFinding(script, finding)),
    })),
  }));
  return `${JSON.stringify({ ...report, runs }, null, 2)}\n`;
}

/** The findings of a script that causes of a verdict name, in their order. */
function findingsOf(causes: ReportedVerdict["causes"], { diagnostics }: ReportedFile): readonly Diagnostic[] {
  const named = [...new Set(causes.flatMap(({ rules }) => rules))];
  return named.flatMap((name) => diagnostics.filter(({ rule }) => rule === name));
}

/** The one change that is offered for a verdict: the first fix of its likeliest cause; null where that has none. */
export function offeredFix(
  { causes }: ReportedVerdict,
  script: ReportedFile,
): { readonly title: string; readonly rule: string; readonly row: number; readonly column: number } | null {
  for (const { rule, start, fixes } of findingsOf(causes.slice(0, 1), script)) {
    const [fix] = fixes;
    if (fix !== undefined) return { title: fix.title, rule, ...script.locate(start) };
  }
  return null;
}

/** The report for a terminal, uncoloured: each run with its verdicts, or that nothing was found and what was looked at. */
export function diagnosisText(
  report: DiagnosisReport,
  script: ReportedFile | null = null,
  options: { readonly checklist: boolean } = { checklist: false },
): string {
  return [
    ...report.runs.map((run) => runText(run, script) + (options.checklist ? checklistText(run) : "")),
    ...report.across_runs.map(acrossText),
  ].join("\n");
}

function checklistText({ checklist }: ReportedRun): string {
  return (checklist ?? []).map(({ question, answer, why }) => `  ${question} ${answer}: ${why}\n`).join("");
}

function acrossText({ kind, runs, confidence, evidence, causes, next_step, code }: ReportedAcross): string {
  const lines = [
    `Across ${runs.join(", ")}: ${kind}, ${Math.round(100 * confidence)} % sure`,
    ...evidence.map((sentence) => `    · ${sentence}`),
    ...causes.map((cause) => `    ${cause}`),
    `    Next: ${next_step}`,
    ...(code === null ? [] : [`    At ${code.filename}:${code.row}:${code.column}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function runText(run: ReportedRun, script: ReportedFile | null): string {
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
    const fix = script === null ? null : offeredFix(verdict, script);
    if (fix !== null) lines.push(`    Fix: ${fix.title} (${fix.rule}, ${script?.path}:${fix.row}:${fix.column})`);
  }
  lines.push(...run.checks.silent.map(({ kind, why }) => `  Not checked: ${kind} (${why})`));
  return `${lines.join("\n")}\n`;
}

/** Formats, records and steps of a run in a line. */
export function extentText(run: ReportedRun): string {
  const [first, last] = run.steps;
  const records = run.sources.reduce((sum, source) => sum + source.records, 0);
  const format = run.sources.map((source) => source.format).join(", ");
  return first === undefined || last === undefined
    ? `${format}, no records`
    : `${format}, ${records.toLocaleString("en-US")} ${records === 1 ? "record" : "records"}, steps ${Number(first).toLocaleString("en-US")}–${Number(last).toLocaleString("en-US")}`;
}
