import type { RunView, SeriesView, VerdictView } from "../protocol.ts";
import type { GrowingSeries } from "../runs/growingSeries.ts";
import { nonFiniteKind } from "../runs/rangeOf.ts";
import type { RunReading } from "./runReading.ts";

/** What is told of a run; times are milliseconds since 1970. */
export function runView(
  reading: RunReading,
  told: {
    readonly verdicts: readonly VerdictView[];
    readonly startedAt: number | null;
    readonly updatedAt: number | null;
    readonly stateReason?: string | null;
    readonly settings?: ReadonlyMap<string, string>;
  },
): RunView {
  const { run } = reading;
  return {
    id: run.id,
    name: run.name,
    paths: run.sources.map((source) => source.path),
    state: run.state,
    ...(told.stateReason ? { stateReason: told.stateReason } : {}),
    ...(told.settings !== undefined && told.settings.size > 0 ? { settings: Object.fromEntries(told.settings) } : {}),
    stepAxis: run.stepAxis,
    firstStep: Number.isNaN(run.firstStep) ? null : run.firstStep,
    lastStep: Number.isNaN(run.lastStep) ? null : run.lastStep,
    startedAt: told.startedAt,
    updatedAt: told.updatedAt,
    series: [...run.series.values()].map(seriesView),
    verdicts: told.verdicts,
    checks: reading.checks(),
    problems: reading.problems().map((problem) => `${run.sources[0]?.path ?? run.name}: ${problem}.`),
    rawTail: reading.rawTail(),
  };
}

function seriesView(series: GrowingSeries): SeriesView {
  const last = series.values[series.length - 1];
  return {
    name: series.name,
    role: series.role,
    points: series.length,
    nonFinite: series.nonFinite.length,
    last: series.length === 0 || last === undefined ? null : Number.isFinite(last) ? last : nonFiniteKind(last),
  };
}
