import type { LogRecord } from "../logs/logFormat.ts";
import { appendPoint, createSeries, type GrowingSeries } from "./growingSeries.ts";
import type { Run, RunEvent, SeriesRole } from "./run.ts";
import { axisOf, roleOf, wordsOf } from "./seriesRole.ts";
import { createStepClock, type StepClock, stepTotalField } from "./stepClock.ts";

/** A run that takes records. */
export interface GrowingRun extends Run {
  readonly series: Map<string, GrowingSeries>;
  readonly clock: StepClock;
}

/** A point that a record added to a series. */
export interface AppendedPoint {
  readonly series: GrowingSeries;
  readonly step: number;
  readonly value: number;
  readonly index: number;
}

/** What a record did to its run. */
export interface Appended {
  /** Causes before effects: learning rate, loss scale, gradients and weights, other columns, then losses. */
  readonly points: readonly AppendedPoint[];
  readonly step: number;
  readonly restarted: boolean;
  readonly event: RunEvent | null;
}

/** Names beyond these get no series: a log with more columns is data, not training curves. */
export const mostSeries = 20_000;

/** Events beyond these are not kept: a log that restarts at each line is not read as its writer meant it. */
const mostEvents = 10_000;

/** A run without records. */
export function createRun(id: string, name: string): GrowingRun {
  return {
    id,
    name,
    sources: [],
    series: new Map(),
    events: [],
    clock: createStepClock(),
    stepAxis: "record",
    firstStep: Number.NaN,
    lastStep: Number.NaN,
    state: "waiting",
  };
}

const order: Readonly<Record<SeriesRole, number>> = {
  epoch: 0,
  time: 0,
  "learning-rate": 1,
  "loss-scale": 2,
  "grad-norm": 3,
  "update-norm": 4,
  "update-ratio": 4,
  "weight-norm": 4,
  metric: 5,
  other: 5,
  "train-loss": 6,
  "val-loss": 7,
};

/** Adds a record's numbers to the run's series, in place. Records come in the order of writing. */
export function appendRecord(run: GrowingRun, record: LogRecord): Appended {
  const place = run.clock.place(record);
  run.stepAxis = run.clock.axis;
  if (run.clock.changedAxis) {
    run.clock.changedAxis = false;
    startAt(run, place.step);
  }
  const { step } = place;
  if (Number.isNaN(run.firstStep)) {
    run.firstStep = step;
  }
  // Series that count in other units, as epochs among steps, come at steps long past.
  const otherUnit = record.step !== undefined && !place.restarted && step < run.lastStep;
  run.lastStep = otherUnit ? run.lastStep : step;
  const event = eventOf(record, step, place.restarted);
  if (event !== null && run.events.length < mostEvents) {
    run.events.push(event);
  }
  const points: AppendedPoint[] = [];
  let sorted = true;
  let highest = -1;
  for (const [name, value] of record.values) {
    const series = seriesFor(run, name, record.phase);
    if (series === null) {
      continue;
    }
    appendPoint(series, step, value);
    points.push({ series, step, value, index: series.length - 1 });
    const rank = order[series.role];
    sorted = sorted && rank >= highest;
    highest = rank;
  }
  if (!sorted) {
    points.sort((a, b) => order[a.series.role] - order[b.series.role]);
  }
  return { points, step, restarted: place.restarted, event };
}

/** Points that came before the first step was known are moved to it; a single epoch before the second one was the first. */
function startAt(run: GrowingRun, first: number): void {
  const step =
    run.stepAxis === "epoch" && run.lastStep === 0 && Number.isInteger(first) && first > 0 ? first - 1 : first;
  for (const series of run.series.values()) {
    series.steps.fill(step, 0, series.length);
    series.branches.length = Math.min(series.branches.length, 1);
  }
  run.firstStep = step;
}

function seriesFor(run: GrowingRun, column: string, phase: "train" | "val" | undefined): GrowingSeries | null {
  let series = run.series.get(column);
  if (phase === "val" && (series === undefined || series.role !== "val-loss") && !isOneForBothPhases(column)) {
    const name = `val/${column}`;
    series = run.series.get(name);
    return series ?? addSeries(run, name, column);
  }
  return series ?? addSeries(run, column, column);
}

/** Columns that say their phase themselves, or that a held-out pass has in common with training. */
function isOneForBothPhases(column: string): boolean {
  const role = roleOf(column);
  return (
    role === "epoch" ||
    role === "learning-rate" ||
    (role === "train-loss" && wordsOf(column).some((word) => /^train(?:ing)?$/.test(word))) ||
    wordsOf(column).some((word) => /^(val|valid|validation|eval|test|dev)$/.test(word))
  );
}

function addSeries(run: GrowingRun, name: string, column: string): GrowingSeries | null {
  const axis = axisOf(column);
  if (column === stepTotalField || (axis !== null && axis !== "epoch" && axis !== "time") || axis === run.stepAxis) {
    return null;
  }
  if (run.series.size >= mostSeries) {
    return null;
  }
  const series = createSeries(name);
  run.series.set(name, series);
  return series;
}

function eventOf(record: LogRecord, step: number, restarted: boolean): RunEvent | null {
  if (restarted) {
    return { kind: "restart", step, text: `begins again at ${step}` };
  }
  return record.event === undefined ? null : { kind: record.event.kind, step, text: record.event.text };
}
