import type { DiagnosisReport, ReportedRun, ReportedVerdict } from "../monitor/logDiagnosis.ts";
import { extentText, offeredFix } from "./diagnosisReport.ts";
import type { ReportedFile } from "./reportedFile.ts";

/** `diagnose --format markdown`: a section a run, for a pull request or a notebook of experiments. Ends in a line end. */
export function diagnosisMarkdown(report: DiagnosisReport, script: ReportedFile | null = null): string {
  const across = report.across_runs.map(
    ({ kind, runs, evidence, next_step }) =>
      `### ${kind}: ${runs.map(escaped).join(", ")}\n\n${list(evidence.map(escaped))}${next(next_step)}`,
  );
  const sections = [
    ...report.runs.map((run) => runSection(run, script)),
    ...(across.length === 0 ? [] : [`## Across runs\n\n${across.join("\n")}`]),
  ];
  return sections.join("\n");
}

function runSection(run: ReportedRun, script: ReportedFile | null): string {
  const parts = [`## ${escaped(run.name)}\n\n${extentText(run)}\n`];
  if (run.verdicts.length === 0 && run.steps.length > 0) {
    parts.push(`Nothing found: ${run.checks.ran} ${run.checks.ran === 1 ? "check" : "checks"} ran.\n`);
  }
  parts.push(...run.verdicts.map((verdict) => verdictSection(verdict, script)));
  if (run.checks.silent.length > 0) {
    const silent = list(run.checks.silent.map(({ kind, why }) => `${kind}: ${escaped(why)}`));
    parts.push(`<details><summary>Not checked: ${run.checks.silent.length}</summary>\n\n${silent}\n</details>\n`);
  }
  return parts.join("\n");
}

function verdictSection(verdict: ReportedVerdict, script: ReportedFile | null): string {
  const { severity, headline, kind, confidence, evidence, causes, next_step, code } = verdict;
  const fix = script === null ? null : offeredFix(verdict, script);
  return [
    `### ${severity}: ${escaped(headline)}\n`,
    `\`${kind}\`, ${Math.round(100 * confidence)} % sure\n`,
    list(evidence.map(escaped)),
    ...(causes.length === 0
      ? []
      : ["Consistent with:\n", list(causes.map(({ cause, why }) => `**${cause}**: ${why}`))]),
    next(next_step),
    ...(code === null ? [] : [`At \`${code.filename}:${code.row}:${code.column}\`\n`]),
    ...(fix === null ? [] : [`Fix: ${fix.title} (\`${fix.rule}\`)\n`]),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}\n`).join("");
}

function next(step: string): string {
  return step === "" ? "" : `**Next:** ${escaped(step)}\n`;
}

/** Names of series and files as they stand: Markdown and HTML would read `_`, `*`, `<` and their like. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>#|]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}
