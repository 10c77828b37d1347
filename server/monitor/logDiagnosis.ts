import type { VerdictKind } from "../detectors/verdict.ts";
import type { ChecklistAnswer } from "../diagnosis/checklist.ts";
import type { SeriesRole } from "../runs/run.ts";

/** A number of JSON: what is not finite is its name. */
export type ReportedNumber = number | "NaN" | "Infinity" | "-Infinity";

export interface ReportedVerdict {
  readonly kind: VerdictKind;
  /** A plain sentence, for people. */
  readonly headline: string;
  readonly onset_step: number;
  readonly onset_range: readonly [number, number];
  readonly detected_step: number;
  readonly confidence: number;
  readonly severity: "error" | "warning" | "info";
  readonly evidence: readonly string[];
  readonly causes: readonly { readonly cause: string; readonly why: string; readonly rules: readonly string[] }[];
  readonly next_step: string;
  /** Row and column from 1, columns in Unicode code points. */
  readonly code: { readonly filename: string; readonly row: number; readonly column: number } | null;
}

export interface ReportedRun {
  readonly name: string;
  readonly sources: readonly {
    readonly path: string;
    readonly format: string;
    readonly records: number;
    readonly skipped: number;
  }[];
  /** First and last step; empty for a log without numbers. */
  readonly steps: readonly ReportedNumber[];
  readonly series: readonly { readonly name: string; readonly role: SeriesRole; readonly points: number }[];
  readonly verdicts: readonly ReportedVerdict[];
  /** The seven questions that are asked of every run. */
  readonly checklist?: readonly ChecklistAnswer[];
  /** Checks that ran, and why the others could not. */
  readonly checks: {
    readonly ran: number;
    readonly silent: readonly { readonly kind: VerdictKind; readonly why: string }[];
  };
}

/** What is said of several runs together. */
export interface ReportedAcross {
  readonly kind: VerdictKind | "many-hyperparameters-changed";
  readonly runs: readonly string[];
  readonly onset_step: number | null;
  readonly confidence: number;
  readonly evidence: readonly string[];
  readonly causes: readonly string[];
  readonly next_step: string;
  /** Row and column from 1; null without a script. */
  readonly code: ReportedVerdict["code"];
}

/** The object that `diagnose --format json` prints. */
export interface DiagnosisReport {
  readonly runs: readonly ReportedRun[];
  readonly across_runs: readonly ReportedAcross[];
}
