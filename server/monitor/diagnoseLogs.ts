import { stat } from "node:fs/promises";
import { diagnose } from "../diagnosis/diagnose.ts";
import type { RunScript } from "../diagnosis/script.ts";
import { readLog } from "../logs/readLog.ts";
import type { VerdictView } from "../protocol.ts";
import { type FoundLog, findLogs } from "../runs/findLogs.ts";
import { type FoundStore, openStore, storeRunId, storeRunName } from "../runs/openStore.ts";
import { nonFiniteKind } from "../runs/rangeOf.ts";
import { indexLines, offsetAt, rowColumnAt } from "../text/lineIndex.ts";
import type { Outcome, Problem } from "../text/problem.ts";
import type { DiagnosisReport, ReportedNumber, ReportedRun, ReportedVerdict } from "./logDiagnosis.ts";
import { createRunReading, type RunReading } from "./runReading.ts";

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
  const problems: Problem[] = [];
  const runs: ReportedRun[] = [];
  for (const path of paths) {
    for (const log of await logsAt(path, problems)) {
      if (log.store !== undefined) {
        const readings = await readStore(log, log.store, problems);
        runs.push(...readings.map((reading) => reportedRun(reading, options.script ?? null)));
        continue;
      }
      const reading = createRunReading(log.path, log.name, log.path);
      try {
        await readLog(log.path, (bytes) => reading.push(bytes));
      } catch (error) {
        problems.push({ path: log.path, message: `cannot be read: ${messageOf(error)}` });
        continue;
      }
      reading.finish();
      problems.push(...reading.problems().map((message) => ({ path: log.path, message })));
      runs.push(reportedRun(reading, options.script ?? null));
    }
  }
  return { value: { runs, across_runs: [] }, problems };
}

async function readStore(log: FoundLog, found: FoundStore, problems: Problem[]): Promise<RunReading[]> {
  const store = openStore(log.path, found);
  try {
    return (await store.look()).map(({ id, name, records, skipped }) => {
      const reading = createRunReading(storeRunId(log.path, id), storeRunName(log.name, name, id), log.path);
      reading.pushRecords(records, store.format, skipped);
      reading.finish();
      return reading;
    });
  } catch (error) {
    problems.push({ path: log.path, message: `cannot be read: ${messageOf(error)}` });
    return [];
  }
}

async function logsAt(path: string, problems: Problem[]): Promise<FoundLog[]> {
  try {
    await stat(path);
  } catch (error) {
    problems.push({ path, message: `cannot be read: ${messageOf(error)}` });
    return [];
  }
  const logs = await findLogs(path);
  if (logs.length === 0) {
    problems.push({
      path,
      message:
        "holds no logs (.log, .txt, .out, .err, .jsonl, .csv, .tsv, .wandb, tfevents, trainer_state.json, runs of MLflow, .db)",
    });
  }
  return logs;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
