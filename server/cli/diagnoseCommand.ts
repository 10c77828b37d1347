import path from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { logPatternsFor } from "../config/logPatterns.ts";
import type { RunScript } from "../diagnosis/script.ts";
import { createLinter } from "../lint/linter.ts";
import { createParsers } from "../lint/loadParsers.ts";
import { createWorkspaceSources } from "../lint/workspaceSources.ts";
import { diagnoseLogs } from "../monitor/diagnoseLogs.ts";
import type { DiagnosisReport } from "../monitor/logDiagnosis.ts";
import { diagnosisMarkdown } from "../report/diagnosisMarkdown.ts";
import { diagnosisJson, diagnosisText } from "../report/diagnosisReport.ts";
import { diagnosisSarif } from "../report/diagnosisSarif.ts";
import { locateIn, type ReportedFile } from "../report/reportedFile.ts";
import { createFactsReader } from "./codeFacts.ts";
import { createSettingsReader } from "./commandSettings.ts";
import { type Command, type CommandIo, exitClean, exitFailure, exitFindings, say, UsageError } from "./io.ts";
import { oneOf, readOptions } from "./options.ts";

export const diagnoseCommand: Command = {
  name: "diagnose",
  summary: "Says what went wrong in finished or growing run logs.",
  usage: `Usage: haywire diagnose [--code FILE] [--format FORMAT] [--checklist] LOG…

Reads log files, or folders whose logs are a run each, and prints what went wrong, since which step, and what to change.

  --code FILE      the script that trained, for leading a verdict to its line
  --format FORMAT  text, json, sarif or markdown (default text)
  --checklist      answer the seven questions asked of every run (in JSON always)

Exit status: 0 nothing went wrong, 1 something did, 2 a log could not be read or holds no numbers.`,
  async run(argv, io) {
    const { values, positionals } = readOptions(argv, {
      options: {
        code: { type: "string" },
        format: { type: "string", default: "text" },
        checklist: { type: "boolean" },
      },
    });
    const format = oneOf("--format", values.format, ["text", "json", "sarif", "markdown"]);
    if (positionals.length === 0) throw new UsageError("Name the logs to read.");
    const script = values.code === undefined ? null : await readScript(values.code, io);
    const logs = positionals.map((each) => path.resolve(io.cwd, each));
    const { value, problems } = await diagnoseLogs(logs, { script, patternsFor: logPatternsFor });
    const report = withShownPaths(value, io);
    const linted = script === null ? null : await lintedScript(script, report, io);
    io.stdout.write(reportIn(format, report, linted, values.checklist === true));
    for (const problem of problems) say(io.stderr, `haywire: ${shownPath(problem.path, io)}: ${problem.message}.`);

    const read = new Set(value.runs.flatMap((run) => run.sources.map((source) => source.path)));
    const isUnread = problems.some((problem) => !read.has(problem.path));
    if (isUnread || value.runs.every((run) => run.steps.length === 0)) return exitFailure;
    const wentWrong = value.runs.some((run) => run.verdicts.some(({ severity }) => severity !== "info"));
    return wentWrong ? exitFindings : exitClean;
  },
};

function reportIn(
  format: "text" | "json" | "sarif" | "markdown",
  report: DiagnosisReport,
  script: ReportedFile | null,
  checklist: boolean,
): string {
  switch (format) {
    case "json":
      return diagnosisJson(report, script);
    case "sarif":
      return diagnosisSarif(report, packageJson.version);
    case "markdown":
      return diagnosisMarkdown(report, script);
    case "text":
      return diagnosisText(report, script, { checklist });
  }
}

async function readScript(name: string, io: CommandIo) {
  const script = await createFactsReader().factsOf(path.resolve(io.cwd, name));
  if (!script) throw new UsageError(`${name}: the script cannot be read.`);
  return { text: script.text, facts: { ...script.facts, path: name } };
}

/** The script with what the verdicts on its runs point at, also by rules that speak of live runs alone. */
async function lintedScript({ text, facts }: RunScript, report: DiagnosisReport, io: CommandIo): Promise<ReportedFile> {
  const verdicts = report.runs.flatMap((run) => run.verdicts);
  const suspected = new Set(verdicts.flatMap(({ causes }) => causes.flatMap(({ rules }) => rules)));
  const file = path.resolve(io.cwd, facts.path);
  const settingsOf = await createSettingsReader(io, { rule: [] });
  const settings = (await settingsOf(path.dirname(file))).lint;
  const linter = createLinter(createParsers(), createWorkspaceSources({ watchesDisk: false }));
  const result = await linter.lintText({ path: file, text, settings, suspected });
  return { ...result, path: facts.path, text, locate: locateIn(text), accepted: 0 };
}

function withShownPaths(report: DiagnosisReport, io: CommandIo): DiagnosisReport {
  const runs = report.runs.map((run) => ({
    ...run,
    sources: run.sources.map((source) => ({ ...source, path: shownPath(source.path, io) })),
  }));
  return { ...report, runs };
}

/** Relative to the current folder where it lies in it. */
function shownPath(file: string, io: CommandIo): string {
  const relative = path.relative(io.cwd, file);
  return relative.startsWith("..") ? file : relative || ".";
}
