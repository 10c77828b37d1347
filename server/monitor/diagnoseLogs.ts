import { type AcrossVerdict, acrossRuns } from "../diagnosis/acrossRuns.ts";
import { batchNormInstability } from "../diagnosis/batchNormBursts.ts";
import { checklistOf } from "../diagnosis/checklist.ts";
import { diagnose } from "../diagnosis/diagnose.ts";
import { evidenceAt } from "../diagnosis/runEvidence.ts";
import { type RunScript, steppedOptimizer } from "../diagnosis/script.ts";
import { lineMatching } from "../diagnosis/scriptLines.ts";
import type { VerdictView } from "../protocol.ts";
import { nonFiniteKind } from "../runs/rangeOf.ts";
import { indexLines, offsetAt, rowColumnAt } from "../text/lineIndex.ts";
import type { LinePattern } from "../text/linePattern.ts";
import type { Outcome } from "../text/problem.ts";
import type { DiagnosisReport, ReportedAcross, ReportedNumber, ReportedRun, ReportedVerdict } from "./logDiagnosis.ts";
import { judgedRun, readRuns } from "./readRuns.ts";
import type { Finding, RunReading } from "./runReading.ts";

export interface DiagnoseOptions {
  /** The script that made the logs, with its path as it is to be shown. */
  readonly script?: RunScript | null;
  /** The user's own forms of lines for the log at a path. */
  readonly patternsFor?: (path: string) => Promise<readonly LinePattern[]>;
}

/**
 * Reads finished logs (files, or folders whose logs are a run each) and gives their verdicts: the same that are reached
 * while a log grows. A path that is not there, or a log without numbers, is a problem that names it; the rest goes on.
 */
export async function diagnoseLogs(
  paths: readonly string[],
  options: DiagnoseOptions = {},
): Promise<Outcome<DiagnosisReport>> {
  const { value: read, problems } = await readRuns(paths, options.patternsFor);
  const script = options.script ?? null;
  const across = acrossRuns(read.map(judgedRun));
  return {
    value: {
      runs: read.map(({ reading }) => reportedRun(reading, script, read.length < 2 ? null : across)),
      across_runs: across.map((each) => reportedAcross(each, script)),
    },
    problems,
  };
}

/** Where the script builds the optimizer whose variants two runs differ in. */
function reportedAcross(found: AcrossVerdict, script: RunScript | null): ReportedAcross {
  const { kind, runs, onsetStep, confidence, evidence, causes, nextStep } = found;
  const optimizer = script === null ? null : steppedOptimizer(script.facts);
  const place =
    script === null || kind === "repeatable-onset"
      ? null
      : (lineMatching(script.text, /\bAdam\b.*\bAdamW\b|\bamsgrad\b.*=|\bAdamW?\(/)?.range ?? optimizer);
  return {
    kind,
    runs,
    onset_step: onsetStep,
    confidence,
    evidence,
    causes,
    next_step: nextStep,
    code:
      place === null || script === null
        ? null
        : { filename: script.facts.path, ...rowColumnAt(indexLines(script.text), place.start) },
  };
}

function reportedRun(
  reading: RunReading,
  script: RunScript | null,
  across: readonly AcrossVerdict[] | null,
): ReportedRun {
  const { run } = reading;
  return {
    name: run.name,
    sources: run.sources.map(({ path, format, records, skipped }) => ({ path, format, records, skipped })),
    steps: Number.isNaN(run.firstStep) ? [] : [reportedNumber(run.firstStep), reportedNumber(run.lastStep)],
    series: [...run.series.values()].map(({ name, role, length }) => ({ name, role, points: length })),
    verdicts: withBatchNorm(reading, script).map(({ verdict, seen }) =>
      reportedVerdict(diagnose(verdict, seen, run, script), script),
    ),
    checklist: checklistOf(
      run,
      reading.findings.map(({ verdict }) => verdict),
      script,
      across?.some(({ kind, runs }) => kind === "repeatable-onset" && runs.includes(run.name)) ?? null,
    ),
    checks: reading.checks(),
  };
}

function withBatchNorm(
  { run, findings }: RunReading,
  script: RunScript | null,
): readonly Pick<Finding, "verdict" | "seen">[] {
  const verdict = batchNormInstability(
    run,
    findings.map((each) => each.verdict),
    script,
  );
  return verdict === null ? findings : [...findings, { verdict, seen: evidenceAt(verdict, run) }];
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
