/** The lines of one chart: which run and series, how it looks, and its branches; smoothed and raw as columns. */
import type { RunView, SeriesPoints, VerdictView } from "../server/protocol.ts";
import { alignBranches, type Branch, branchesOf } from "./alignment.ts";
import type { ChartPlan } from "./chartPlan.ts";
import { smooth } from "./smoothing.ts";
import type { Window } from "./viewWindow.ts";

export interface ChartLine {
  readonly run: RunView;
  readonly points: SeriesPoints;
  readonly label: string;
  /** Index into the theme's line colours. */
  readonly color: number;
  readonly dash: number;
  readonly branches: readonly Branch[];
  readonly last: number | "NaN" | "Infinity" | "-Infinity" | null;
}

/** What a chart is asked to show. */
export interface ChartView {
  readonly lines: readonly ChartLine[];
  readonly verdicts: readonly VerdictView[];
  readonly window: Window;
  readonly smoothing: number;
  readonly logY: boolean;
  readonly robust: boolean;
}

export interface ChartTable {
  readonly x: readonly number[];
  /** A column a branch, over all lines in order: as read, and smoothed. */
  readonly raw: readonly (readonly (number | null | undefined)[])[];
  readonly smoothed: readonly (readonly (number | null | undefined)[])[];
  /** Points that a logarithmic axis cannot show. */
  readonly notPositive: number;
}

/**
 * One run: a colour for each series, validation dashed. Several: a colour and a dash for each run, validation dashed
 * further. `place` of a run is its place among all runs, so that its colour stays when others are hidden.
 */
export function linesOf(
  plan: ChartPlan,
  shown: readonly { readonly run: RunView; readonly place: number }[],
  pointsOf: (runId: string, series: string) => SeriesPoints | undefined,
): ChartLine[] {
  const lines: ChartLine[] = [];
  for (const { run, place } of shown) {
    plan.series.forEach(({ name, role }, index) => {
      const points = pointsOf(run.id, name);
      const view = run.series.find((series) => series.name === name);
      if (!points || !view) return;
      const validation = role === "val-loss";
      const short = plan.main && plan.series.filter((other) => other.role === role).length === 1;
      const series = short ? (validation ? "val" : "train") : name;
      const alone = shown.length === 1;
      lines.push({
        run,
        points,
        label: alone ? series : plan.series.length > 1 ? `${run.name} ${series}` : run.name,
        color: alone ? index : place,
        dash: validation ? 1 : alone ? 0 : place % 2 === 0 ? 0 : 2,
        branches: branchesOf(points),
        last: view.last,
      });
    });
  }
  return lines;
}

/** The columns that are drawn. On a logarithmic axis values at or below zero are left out and counted. */
export function tableOf(lines: readonly ChartLine[], smoothing: number, logarithmic: boolean): ChartTable {
  const { x, columns } = alignBranches(lines.flatMap((line) => line.branches));
  let notPositive = 0;
  const raw = columns.map((column) =>
    column.map((value) => {
      if (!logarithmic || value === null || value === undefined || value > 0) return value;
      notPositive += 1;
      return null;
    }),
  );
  const smoothed = smoothing > 0 ? raw.map((column) => smooth(column, smoothing)) : [];
  return { x, raw, smoothed, notPositive };
}
