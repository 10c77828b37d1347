/**
 * One chart: a heading with the current values, and a uPlot.
 *
 * For tests and assistive technology the chart's element tells what is drawn:
 * - `data-haywire-chart`: the chart's id ("loss", "gradient norm", "series:NAME")
 * - `data-haywire-series`: names of the series drawn, comma separated
 * - `data-haywire-points`: points in the shown range before thinning; `data-haywire-drawn`: points sent
 * - `data-haywire-last-step`, `data-haywire-last-value`: the newest point drawn of the first line
 * - `data-haywire-non-finite`: how many values in the range are not finite
 * - `data-haywire-from`, `data-haywire-to`: the x axis; `data-haywire-scale`: "linear" or "log"
 * - `aria-label`: the same as a sentence
 */
import uPlot from "uplot";
import { logLabels, stepLabels, valueLabels } from "./axisLabels.ts";
import { type ChartLine, type ChartTable, type ChartView, tableOf } from "./chartLines.ts";
import { drawNonFinite, drawOnsets } from "./chartMarks.ts";
import type { ChartPlan } from "./chartPlan.ts";
import { element } from "./dom.ts";
import { createHoverTable } from "./hoverTable.ts";
import { formatStep, formatValue } from "./numbers.ts";
import { quantileRange } from "./quantileRange.ts";
import { lineDash, type Theme } from "./theme.ts";
import type { Window } from "./viewWindow.ts";

export interface ChartEvents {
  readonly theme: () => Theme;
  readonly zoomed: (window: Window) => void;
  readonly resetZoom: () => void;
  /** More or other charts are wanted, or they have another width: new points are needed. */
  readonly resized: () => void;
}

export interface Chart {
  readonly element: HTMLElement;
  /** CSS pixels between the y axis and the right edge; 0 before the first drawing. */
  plotWidth(): number;
  draw(view: ChartView): void;
  redraw(): void;
  /** Moves the crosshair to the step, or by so many drawn points; returns the step where it now is. */
  moveCrosshair(to: { readonly step: number } | { readonly by: number }): number | null;
  destroy(): void;
}

export function createChart(plan: ChartPlan, events: ChartEvents): Chart {
  const values = element("span", { class: "values", "aria-hidden": true });
  const target = element("div", { class: "plot" });
  const root = element(
    "section",
    { class: plan.main ? "chart main" : "chart", tabindex: 0, role: "figure", "data-haywire-chart": plan.id },
    element("header", {}, element("h2", {}, plan.title), values),
    target,
  );
  const hover = createHoverTable(target);
  let view: ChartView | null = null;
  let table: ChartTable | null = null;
  let plot: uPlot | null = null;
  let shape = "";

  const size = () => ({ width: Math.max(120, target.clientWidth), height: plan.main ? 240 : 150 });
  const resizing = new ResizeObserver(() => {
    if (!plot || plot.width === size().width) return;
    plot.setSize(size());
    events.resized();
  });
  resizing.observe(target);

  const showValues = () => {
    if (!view || !table || !plot) return;
    const at = plot.cursor.left !== undefined && plot.cursor.left >= 0 ? plot.cursor.idxs : undefined;
    let column = 1 + (view.smoothing > 0 ? table.raw.length : 0);
    let raw = 0;
    const parts: HTMLElement[] = [];
    for (const line of view.lines) {
      let shown: ChartLine["last"] = line.last;
      for (let branch = 0; branch < line.branches.length; branch += 1, column += 1, raw += 1) {
        const index = at?.[column];
        const value = index === null || index === undefined ? undefined : table.raw[raw]?.[index];
        if (typeof value === "number") shown = value;
      }
      const key = element("i", { class: "key" });
      key.style.borderTopColor = events.theme().line(line.color);
      key.style.borderTopStyle = line.dash === 0 ? "solid" : "dashed";
      parts.push(element("span", { class: "value" }, key, `${line.label} `, element("b", {}, formatValue(shown))));
    }
    values.replaceChildren(...parts);
  };

  const build = (data: uPlot.AlignedData) => {
    plot?.destroy();
    plot = new uPlot(
      options(
        () => view,
        () => table,
        events,
        size(),
        () => {
          showValues();
          if (plot && view && table) hover.show(plot, view, table, events.theme());
        },
      ),
      data,
      target,
    );
  };

  return {
    element: root,
    plotWidth: () => (plot ? plot.bbox.width / devicePixelRatio : 0),
    draw: (next) => {
      view = next;
      table = tableOf(next.lines, next.smoothing, next.logY);
      const data: uPlot.AlignedData = [
        [...table.x],
        ...table.raw.map((column) => [...column]),
        ...table.smoothed.map((column) => [...column]),
      ];
      const nextShape = JSON.stringify([
        next.logY,
        next.smoothing > 0,
        next.lines.map((line) => [line.run.id, line.points.name, line.branches.length, line.color, line.dash]),
      ]);
      if (nextShape === shape && plot) plot.setData(data);
      else build(data);
      shape = nextShape;
      showValues();
      describe(root, plan, next, table);
    },
    redraw: () => {
      plot?.redraw(false, true);
      showValues();
    },
    moveCrosshair: (to) => {
      if (!plot || !table || table.x.length === 0) return null;
      const now = plot.cursor.left !== undefined && plot.cursor.left >= 0 ? plot.cursor.idx : null;
      const index = "step" in to ? plot.valToIdx(to.step) : (now ?? table.x.length - 1) + to.by;
      const step = table.x[Math.min(table.x.length - 1, Math.max(0, index))];
      if (step === undefined) return null;
      plot.setCursor({ left: plot.valToPos(step, "x"), top: plot.bbox.height / devicePixelRatio / 3 });
      return step;
    },
    destroy: () => {
      resizing.disconnect();
      plot?.destroy();
      root.remove();
    },
  };
}

function isLonely(values: ArrayLike<number | null | undefined> | undefined): boolean {
  let finite = 0;
  for (let at = 0; at < (values?.length ?? 0) && finite < 2; at++) if (values?.[at] != null) finite++;
  return finite === 1;
}

function options(
  view: () => ChartView | null,
  table: () => ChartTable | null,
  { theme, zoomed, resetZoom }: ChartEvents,
  size: { width: number; height: number },
  cursorMoved: () => void,
): uPlot.Options {
  const now = view();
  const logarithmic = now?.logY ?? false;
  const branches = (now?.lines ?? []).flatMap((line) => line.branches.map(() => line));
  const smoothing = (now?.smoothing ?? 0) > 0;
  const series = (line: ChartLine, faint: boolean): uPlot.Series => ({
    label: line.label,
    stroke: () => theme().line(line.color),
    width: faint ? 1 : 1.5,
    alpha: faint ? 0.35 : 1,
    dash: lineDash(line.dash),
    // A line of one point would be invisible.
    points: { show: (plot, index) => isLonely(plot.data[index]), size: 6 },
  });
  const axis = (grid: boolean): uPlot.Axis => ({
    stroke: () => theme().muted,
    font: theme().font,
    grid: { show: grid, stroke: () => theme().grid, width: 1 },
    ticks: { stroke: () => theme().grid, width: 1, size: 4 },
  });
  return {
    ...size,
    legend: { show: false },
    padding: [8, 12, 0, 0],
    scales: {
      x: { time: false, range: () => [...(view()?.window ?? [0, 1])] as [number, number] },
      y: { distr: logarithmic ? 3 : 1, range: (_, low, high) => yRange(view(), table(), low, high) },
    },
    axes: [
      {
        ...axis(false),
        size: 28,
        space: 90,
        values: (_, splits, _axis, _space, increment) => stepLabels(splits, increment),
      },
      {
        ...axis(true),
        size: 56,
        space: 36,
        values: (_, splits, _axis, _space, increment) =>
          logarithmic ? logLabels(splits) : valueLabels(splits, increment),
      },
    ],
    series: [
      {},
      ...branches.map((line) => series(line, smoothing)),
      ...(smoothing ? branches.map((line) => series(line, false)) : []),
    ],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 4 },
      points: { size: 6, show: true },
      bind: {
        dblclick: () => () => {
          resetZoom();
          return null;
        },
      },
      sync: {
        key: "haywire",
        setSeries: false,
        scales: ["x", null],
        filters: { pub: (type) => type === "mousemove" || type === "mouseleave" },
      },
    },
    hooks: {
      setCursor: [cursorMoved],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          zoomed([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
        },
      ],
      drawAxes: [(plot) => drawOnsets(plot, view()?.verdicts ?? [], theme())],
      draw: [
        (plot) => {
          for (const line of view()?.lines ?? []) drawNonFinite(plot, line.points, theme().line(line.color));
        },
      ],
    },
  };
}

function yRange(
  view: ChartView | null,
  table: ChartTable | null,
  low: number | null,
  high: number | null,
): uPlot.Range.MinMax {
  const logarithmic = view?.logY ?? false;
  const [least, most] = (view?.robust && quantileRange(table?.raw.flat() ?? [])) || [low, high];
  if (least === null || most === null) return logarithmic ? [0.1, 1] : [0, 1];
  if (logarithmic) return uPlot.rangeLog(least, most, 10, false);
  return uPlot.rangeNum(least, most, 0.1, true);
}

function describe(root: HTMLElement, plan: ChartPlan, view: ChartView, table: ChartTable): void {
  const sum = (count: (line: ChartLine) => number) => view.lines.reduce((total, line) => total + count(line), 0);
  const nonFinite = sum((line) => line.points.nonFinite.length);
  const first = view.lines[0];
  const facts: Record<string, string | number> = {
    series: view.lines.map((line) => line.points.name).join(","),
    points: sum((line) => line.points.total),
    drawn: sum((line) => line.points.steps.length),
    "last-step": first?.points.steps.at(-1) ?? "",
    "last-value": first?.points.values.at(-1) ?? "",
    "non-finite": nonFinite,
    from: view.window[0],
    to: view.window[1],
    scale: view.logY ? "log" : "linear",
  };
  for (const [name, value] of Object.entries(facts)) root.setAttribute(`data-haywire-${name}`, String(value));
  const ends = view.lines.map((line) => `${line.label} ${formatValue(line.last)}`).join(", ");
  const marks = nonFinite > 0 ? ` Values that are not finite: ${formatStep(nonFinite)}.` : "";
  const hidden =
    table.notPositive > 0 ? ` Values at or below zero are not shown: ${formatStep(table.notPositive)}.` : "";
  const steps = `${formatStep(view.window[0])} to ${formatStep(view.window[1])}`;
  root.setAttribute("aria-label", `${plan.title}: ${ends}. Steps ${steps}.${marks}${hidden}`);
  root.classList.toggle("has-note", table.notPositive > 0);
  root.dataset.note = hidden.trim();
}
