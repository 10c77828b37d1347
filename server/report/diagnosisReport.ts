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
      findings: findingsOf(verdict, script).map((finding) => jsonFinding(script, finding)),
    })),
  }));
  return `${JSON.stringify({ ...report, runs }, null, 2)}\n`;
}

/** The findings of a script that a verdict names as causes, in the order in which it names them. */
function findingsOf({ causes }: ReportedVerdict, { diagnostics }: ReportedFile): readonly Diagnostic[] {
  const named = [...new Set(causes.flatMap(({ rules }) => rules))];
  return named.flatMap((name) => diagnostics.filter(({ rule }) => rule === name));
}

/** The finding behind the likeliest cause that a fix exists for: one change at a time is offered. Empty where there is none. */
export function likeliestFinding(verdict: ReportedVerdict, script: ReportedFile): readonly Diagnostic[] {
  const findings = findingsOf({ ...verdict, causes: verdict.causes.slice(0, 1) }, script);
  return findings.filter(({ fixes }) => fixes.length > 0).slice(0, 1);
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
    if (script !== null) {
      for (const { rule, start, fixes } of likeliestFinding(verdict, script)) {
        const { row, column } = script.locate(start);
        for (const { title } of fixes.slice(0, 1)) {
          lines.push(`    Fix: ${title} (${rule}, ${script.path}:${row}:${column})`);
        }
      }
    }
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
