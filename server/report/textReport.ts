import type { Diagnostic } from "../lint/diagnostic.ts";
import type { Severity } from "../rules/rule.ts";
import { codeFrame, shownLine } from "./codeFrame.ts";
import type { ReportedFile } from "./reportedFile.ts";
import { type Style, styleFor } from "./style.ts";

const colours: Readonly<Record<Severity, keyof Style>> = {
  error: "red",
  warning: "yellow",
  info: "blue",
  hint: "dim",
};

export interface TextReportOptions {
  readonly colour: boolean;
  /** Only the last line. */
  readonly quiet?: boolean;
}

/** `check` for people: each finding with its place, rule, message, code frame and preferred fix, then a line of counts. */
export function textReport(files: readonly ReportedFile[], { colour, quiet = false }: TextReportOptions): string {
  const style = styleFor(colour);
  const body = files.flatMap((file) => [
    ...file.problems.map((problem) => problemText(file, problem, style)),
    ...file.diagnostics.map((diagnostic) => findingText(file, diagnostic, style)),
  ]);
  return `${quiet ? "" : body.map((text) => `${text}\n`).join("")}${countsText(files)}\n`;
}

function findingText(file: ReportedFile, diagnostic: Diagnostic, style: Style): string {
  const { row, column, cell } = file.locate(diagnostic.start);
  const place = `${shownLine(file.path)}:${cell === null ? "" : `cell ${cell}:`}${row}:${column}:`;
  const severity = style[colours[diagnostic.severity]](diagnostic.severity);
  const [fix] = diagnostic.fixes;
  const more = diagnostic.fixes.length > 1 ? ` (and ${diagnostic.fixes.length - 1} more)` : "";
  const grade = fix?.applicability === "unsafe" ? "fix, changes training" : "fix";
  return [
    `${style.bold(place)} ${severity} ${style.bold(diagnostic.rule)} ${shownLine(diagnostic.message)}`,
    codeFrame(file, diagnostic, style),
    ...(fix === undefined ? [] : [`   = ${style.green(grade)}: ${shownLine(fix.title)}${more}`]),
    "",
  ].join("\n");
}

function problemText(file: ReportedFile, problem: ReportedFile["problems"][number], style: Style): string {
  const row = problem.offset === undefined ? "" : `${file.locate(problem.offset).row}:`;
  return `${style.bold(`${shownLine(file.path)}:${row}`)} ${style.yellow("problem")} ${shownLine(problem.message)}\n`;
}

function countsText(files: readonly ReportedFile[]): string {
  const all = files.flatMap(({ diagnostics }) => diagnostics);
  const count = (severity: Severity) => all.filter((each) => each.severity === severity).length;
  const suppressed = files.reduce((sum, file) => sum + file.suppressed, 0);
  const accepted = files.reduce((sum, file) => sum + file.accepted, 0);
  const silenced = [
    suppressed === 0 ? "" : ` ${plural(suppressed, "finding")} silenced by comments.`,
    accepted === 0 ? "" : ` ${plural(accepted, "finding")} accepted by the baseline.`,
  ].join("");
  if (all.length === 0) return `No findings in ${plural(files.length, "file")}.${silenced}`;
  const parts = (["error", "warning", "info", "hint"] as const)
    .filter((severity) => count(severity) > 0)
    .map((severity) => (severity === "info" ? `${count(severity)} info` : plural(count(severity), severity)));
  const safe = all.filter(({ fixes }) => fixes.some(({ applicability }) => applicability === "safe")).length;
  const fixable = safe === 0 ? "" : ` ${safe} can be fixed with --fix.`;
  return `Found ${plural(all.length, "finding")} in ${plural(files.length, "file")}: ${parts.join(", ")}.${fixable}${silenced}`;
}

/** `1 file`, `3 files`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
