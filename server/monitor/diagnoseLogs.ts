import { stat } from "node:fs/promises";
import { type AcrossVerdict, acrossRuns, type JudgedRun } from "../diagnosis/acrossRuns.ts";
import { batchNormInstability } from "../diagnosis/batchNormBursts.ts";
import { diagnose } from "../diagnosis/diagnose.ts";
import { evidenceAt } from "../diagnosis/runEvidence.ts";
import { type RunScript, steppedOptimizer } from "../diagnosis/script.ts";
import { lineMatching } from "../diagnosis/scriptLines.ts";
import { readLog } from "../logs/readLog.ts";
import type { VerdictView } from "../protocol.ts";
import { type FoundLog, findLogs } from "../runs/findLogs.ts";
import { type FoundStore, openStore, storeRunId, storeRunName } from "../runs/openStore.ts";
import { nonFiniteKind } from "../runs/rangeOf.ts";
import { indexLines, offsetAt, rowColumnAt } from "../text/lineIndex.ts";
import type { Outcome, Problem } from "../text/problem.ts";
import type { DiagnosisReport, ReportedAcross, ReportedNumber, ReportedRun, ReportedVerdict } from "./logDiagnosis.ts";
import { createRunReading, type Finding, type RunReading } from "./runReading.ts";

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
  const { value: read, problems } = await readRuns(paths);
  const script = options.script ?? null;
  const across = acrossRuns(read.map(judgedRun));
  return {
    value: {
      runs: read.map(({ reading }) => reportedRun(reading, script)),
      across_runs: across.map((each) => reportedAcross(each, script)),
    },
    problems,
  };
}

/** A log that was read to its end, with what its store says of the run beside numbers. */
export interface ReadRun {
  readonly reading: RunReading;
  readonly ownName: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** What is looked at when runs are compared. */
export function judgedRun({ reading, ownName, settings }: ReadRun): JudgedRun {
  return { run: reading.run, verdicts: reading.findings.map(({ verdict }) => verdict), ownName, settings };
}

/** The runs of logs and folders, each read to its end. */
export async function readRuns(paths: readonly string[]): Promise<Outcome<ReadRun[]>> {
  const problems: Problem[] = [];
  const readings: ReadRun[] = [];
  for (const path of paths) {
    for (const log of await logsAt(path, problems)) {
      if (log.store !== undefined) {
        readings.push(...(await readStore(log, log.store, problems)));
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
      readings.push({ reading, ownName: "", settings: new Map() });
    }
  }
  return { value: readings, problems };
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

async function readStore(log: FoundLog, found: FoundStore, problems: Problem[]): Promise<ReadRun[]> {
  const store = openStore(log.path, found);
  try {
    return (await store.look()).map(({ id, name, records, skipped, settings }) => {
      const reading = createRunReading(storeRunId(log.path, id), storeRunName(log.name, name, id), log.path);
      reading.pushRecords(records, store.format, skipped);
      reading.finish();
      return { reading, ownName: name, settings };
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
    verdicts: withBatchNorm(reading, script).map(({ verdict, seen }) =>
      reportedVerdict(diagnose(verdict, seen, run, script), script),
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
