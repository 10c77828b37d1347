import { createDetectors, type DetectorSet } from "../detectors/detectorSet.ts";
import type { Verdict, VerdictKind } from "../detectors/verdict.ts";
import { evidenceAt, type RunEvidence } from "../diagnosis/runEvidence.ts";
import { fallbackFormat } from "../logs/index.ts";
import type { LogFormat, LogReader, LogRecord } from "../logs/logFormat.ts";
import { textWith } from "../logs/text.ts";
import { appendRecord, createRun, type GrowingRun } from "../runs/growingRun.ts";
import type { RunSource } from "../runs/run.ts";
import type { LinePattern } from "../text/linePattern.ts";
import { createFormatChoice } from "./formatChoice.ts";

/** A verdict with what the other columns of the run showed when it was reached. */
export interface Finding {
  readonly verdict: Verdict;
  readonly seen: RunEvidence;
  /** Position, in the verdict's series, of the newest point when it was reached. */
  readonly record: number;
}

/** The way from a log's bytes to a run and its verdicts: the same for a finished log and a growing one. */
export interface RunReading {
  readonly run: GrowingRun;
  /** In the order in which they were reached. */
  readonly findings: readonly Finding[];
  /** The exit status with which the run ended by its own log, null while the log does not say so. */
  exitStatus(): number | null;
  /** Reads on; any split of the same bytes gives the same run and verdicts. */
  push(bytes: Uint8Array): void;
  /** Takes records that a store has read; `skipped` is what it could not read so far. */
  pushRecords(records: readonly LogRecord[], formatName: string, skipped: number): void;
  /** The file begins anew, or was cut: an unfinished last line never gets its end. */
  beginAgain(): void;
  /** The file was cut to its first `keptBytes` bytes and is read again from its start: what these held is known already. */
  rewind(keptBytes: number): void;
  /** The log has ended: reads an unterminated last line. */
  finish(): void;
  checks(): { readonly ran: number; readonly silent: readonly { readonly kind: VerdictKind; readonly why: string }[] };
  /** What could not be read, a clause each that follows the file's name. */
  problems(): string[];
  /** The last raw lines while no format is known. */
  rawTail(): readonly string[];
}

/** Begins to read the log at `path` into a new run. `format` is given where it is known beforehand (a terminal's text). */
export function createRunReading(
  id: string,
  name: string,
  path: string,
  options: { readonly format?: LogFormat; readonly patterns?: readonly LinePattern[] } = {},
): RunReading {
  const run = createRun(id, name);
  const choice = createFormatChoice(
    path,
    options.patterns === undefined || options.patterns.length === 0 ? fallbackFormat : textWith(options.patterns),
  );
  const source: RunSource = { path, format: "unknown", records: 0, skipped: 0 };
  run.sources.push(source);
  const findings: Finding[] = [];
  let format = options.format ?? null;
  let reader: LogReader | null = format?.createReader() ?? null;
  let knownUpTo = 0;
  let exitStatus: number | null = null;
  let detectors: DetectorSet | null = null;
  let rawTail: readonly string[] = [];

  function readOn(bytes: Uint8Array): void {
    if (reader !== null) {
      take(reader.push(bytes));
      if (source.records === 0 && format?.binary === undefined) {
        rawTail = lastLines(rawTail, bytes);
      }
      return;
    }
    const chosen = choice.push(bytes);
    if (chosen === null) {
      rawTail = choice.tail();
    } else {
      begin(chosen.format, chosen.bytes);
    }
  }

  function begin(chosen: LogFormat, bytes: Uint8Array): void {
    format = chosen;
    reader = chosen.createReader();
    take(reader.push(bytes));
  }

  function take(records: readonly LogRecord[]): void {
    for (const record of records) {
      if (record.endOffset > knownUpTo) {
        takeRecord(record);
      }
    }
    source.skipped = reader?.skipped.count ?? 0;
    if (source.records > 0 && source.format === "unknown" && format !== null) {
      source.format = format.name;
    }
  }

  function takeRecord(record: LogRecord): void {
    exitStatus = record.exitStatus ?? null;
    if (record.exitStatus !== undefined) {
      return;
    }
    source.records++;
    const { points, step, restarted, event } = appendRecord(run, record);
    detectors ??= createDetectors(run.stepAxis);
    if (restarted) {
      detectors.restart(step);
    }
    if (event !== null && event.kind !== "restart") {
      detectors.event(event);
    }
    for (const { series, value, index } of points) {
      const said = detectors.observe({ series: series.name, role: series.role, step, value, index });
      for (const verdict of said) {
        const at = (run.series.get(verdict.series)?.length ?? 0) - 1;
        findings.push({ verdict, seen: evidenceAt(verdict, run), record: at });
      }
    }
  }

  return {
    run,
    findings,
    exitStatus: () => exitStatus,
    push: readOn,
    pushRecords(records, formatName, skipped) {
      for (const record of records) {
        takeRecord(record);
      }
      source.format = formatName;
      source.skipped = skipped;
    },
    beginAgain() {
      reader?.finish();
      reader?.beginAgain?.();
      knownUpTo = 0;
    },
    rewind(keptBytes) {
      knownUpTo = keptBytes;
      reader = format?.createReader() ?? null;
    },
    finish() {
      if (reader === null) {
        const chosen = choice.finish();
        if (chosen !== null) {
          begin(chosen.format, chosen.bytes);
        }
      }
      if (reader !== null) {
        take(reader.finish());
      }
    },
    checks: () => (detectors ?? createDetectors(run.stepAxis)).checks(),
    problems() {
      const found: string[] = [];
      if (reader === null && rawTail.length > 0) {
        found.push(choice.problem());
      }
      const first = reader?.skipped.first ?? null;
      if (first !== null && source.skipped > 0) {
        const unit = format?.binary === undefined ? "line" : "record";
        const lines = source.skipped === 1 ? `1 ${unit}` : `${source.skipped.toLocaleString("en-US")} ${unit}s`;
        found.push(`${lines} could not be read, the first is ${unit} ${first.line} (${first.reason})`);
      }
      return found;
    },
    rawTail: () => (source.records > 0 ? [] : rawTail),
  };
}

function lastLines(before: readonly string[], bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return [...before, ...text.split(/[\r\n]+/).filter((line) => line.trim().length > 0)].slice(-5);
}
