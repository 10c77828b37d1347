import type { SeriesRole, StepAxis } from "../runs/run.ts";
import type { LossCurves } from "./lossCurves.ts";
import type { RunContext } from "./runContext.ts";

/** Every kind of verdict that a run can get. */
export const verdictKinds = [
  "non-finite",
  "loss-growth",
  "loss-spike",
  "grad-explosion-intermittent",
  "grad-explosion-smooth",
  "vanishing-gradient",
  "lr-change-coincident",
  "overfitting",
  "data-shift",
  "repeatable-onset",
  "plateau",
  "loss-scale-collapse",
  "adam-denominator",
  "resume-without-optimizer-state",
  "batch-norm-instability",
  "adam-nonconvergence",
  "weight-decay-interaction",
  "recovered",
] as const;

export type VerdictKind = (typeof verdictKinds)[number];

/** What a detector says: plain data, without cause or advice (these are the diagnosis's). */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly series: string;
  readonly onsetStep: number;
  /** The onset's interval, in steps. */
  readonly onsetRange: readonly [number, number];
  readonly detectedStep: number;
  /** 0…1. */
  readonly confidence: number;
  /** Sentences with numbers, the strongest first. */
  readonly evidence: readonly string[];
}

/** One point of a series in the order of writing. */
export interface Observation {
  readonly series: string;
  readonly role: SeriesRole;
  readonly step: number;
  readonly value: number;
  /** 0-based position in its series. */
  readonly index: number;
}

/** What the detectors of one run share; it has seen an observation before they do. */
export interface DetectorSettings {
  readonly stepAxis: StepAxis;
  readonly context: RunContext;
  readonly losses: LossCurves;
}

/** Online and O(1) an observation: the verdict on a finished log equals the one reached live. */
export interface Detector {
  observe(observation: Observation): readonly Verdict[];
  /** Another detector, or itself, has just said this. */
  heard?(verdict: Verdict): readonly Verdict[];
  /** The run began anew at this step. */
  restart(step: number): void;
  /** Why it cannot speak yet or at all (too few records, a series missing, and what would log it), null when it can. */
  silentBecause(): string | null;
}

export interface DetectorKind {
  readonly kind: VerdictKind;
  create(settings: DetectorSettings): Detector;
}
