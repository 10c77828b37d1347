import { diagnose } from "../diagnosis/diagnose.ts";
import type { RunScript } from "../diagnosis/script.ts";
import type { VerdictView } from "../protocol.ts";
import { nonFiniteKind } from "../runs/rangeOf.ts";
import { indexLines, offsetAt, rowColumnAt } from "../text/lineIndex.ts";
import type { Outcome } from "../text/problem.ts";
import type { DiagnosisReport, ReportedNumber, ReportedRun, ReportedVerdict } from "./logDiagnosis.ts";
import { readRuns } from "./readRuns.ts";
import type { RunReading } from "./runReading.ts";

export interface DiagnoseOptions {
  /** The script that made the logs, with its path as it is to be shown. */
  readonly script?: RunScript | null;
}

/**
 * Reads finished logs (files, or folders whose logs are a run each) and gives their verdicts: the same that are reached
 * while a log grows. A path that is not there, or a log without numbers, is a problem that names it; the rest goes on.
 */
export async function diagnoseLogs(
  paths: readonly string[],
  options: DiagnoseOptions = {},
): Promise<Outcome<DiagnosisReport>> {
  const { value: readings, problems } = await readRuns(paths);
  const runs = readings.map((reading) => reportedRun(reading, options.script ?? null));
  return { value: { runs, across_runs: [] }, problems };
}

function reportedRun(reading: RunReading, script: RunScript | null): ReportedRun {
  const { run } = reading;
  return {
    name: run.name,
    sources: run.sources.map(({ path, format, records, skipped }) => ({ path, format, records, skipped })),
    steps: Number.isNaN(run.firstStep) ? [] : [reportedNumber(run.firstStep), reportedNumber(run.lastStep)],
    series: [...run.series.values()].map(({ name, role, length }) => ({ name, role, points: length })),
    verdicts: reading.findings.map(({ verdict, seen }) =>
      reportedVerdict(diagnose(verdict, seen, run, script), script),
    ),
    checks: reading.checks(),
  };
}

function reportedNumber(value: number): ReportedNumber {
  return Number.isFinite(value) ? value : nonFiniteKind(value);
}

function reportedVerdict(view: VerdictView, script: RunScript | null): ReportedVerdict {
  return {
    kind: view.kind,
    headline: view.headline,
    onset_step: view.onsetStep,
    onset_range: view.onsetRange,
    detected_step: view.detectedStep,
    confidence: Math.round(view.confidence * 1000) / 1000,
    severity: view.severity,
    evidence: view.evidence,
    causes: view.causes,
    next_step: view.nextStep,
    code: view.code === null || script === null ? null : reportedCode(view.code, script),
  };
}

function reportedCode(code: NonNullable<VerdictView["code"]>, script: RunScript): ReportedVerdict["code"] {
  const lines = indexLines(script.text);
  return { filename: script.facts.path, ...rowColumnAt(lines, offsetAt(lines, code)) };
}
