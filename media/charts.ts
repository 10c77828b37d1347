/** The charts of the shown runs: made, kept, taken away and folded as the runs' series come. */
import type { RunView, SeriesPoints } from "../server/protocol.ts";
import { type Chart, type ChartEvents, createChart } from "./chart.ts";
import { linesOf } from "./chartLines.ts";
import { type ChartPlan, filterCharts, isSetting, openCharts, planCharts } from "./chartPlan.ts";
import { button, element, setText } from "./dom.ts";
import { formatStep } from "./numbers.ts";
import { alarmsOf } from "./verdictWords.ts";
import type { Window } from "./viewWindow.ts";

export interface ChartsView {
  /** With each run's place among all runs, which settles its colour. */
  readonly shown: readonly { readonly run: RunView; readonly place: number }[];
  readonly pointsOf: (runId: string, series: string) => SeriesPoints | undefined;
  readonly window: Window;
  readonly smoothing: number;
  readonly logY: boolean;
  readonly robust: boolean;
  readonly filter: string;
  /** The only chart to show, null for all. */
  readonly alone: string | null;
}

export interface Charts {
  readonly element: HTMLElement;
  /** Makes the charts that these runs need; returns the series to ask for. */
  arrange(view: ChartsView): readonly string[];
  draw(view: ChartsView): void;
  redraw(): void;
  /** The widest chart's plot in CSS pixels. */
  plotWidth(): number;
  moveCrosshair(to: { readonly step: number } | { readonly by: number }): void;
  /** The chart that has the focus, else the first; null for none. */
  focused(): string | null;
}

export function createCharts(events: ChartEvents): Charts {
  const grid = element("div", { class: "grid" });
  const summary = element("span", { class: "summary" });
  let extra = 0;
  let lastView: ChartsView | null = null;
  const more = button(
    "",
    () => {
      extra += 24;
      if (lastView) events.resized();
    },
    { class: "secondary more" },
  );
  const root = element("main", { class: "charts" }, grid, more, summary);
  const charts = new Map<string, { chart: Chart; plan: ChartPlan; signature: string }>();

  const arrange = (view: ChartsView): readonly string[] => {
    lastView = view;
    const all = filterCharts(planCharts(view.shown.map(({ run }) => run)), view.filter);
    const alone = all.filter(({ id }) => id === view.alone);
    const plans = alone.length > 0 ? alone : all.slice(0, openCharts + extra);
    const folded = alone.length > 0 ? 0 : all.length - plans.length;
    more.hidden = folded === 0;
    setText(more, `Show ${formatStep(Math.min(24, folded))} of ${formatStep(folded)} more charts`);
    root.classList.toggle("alone", alone.length > 0);

    for (const [id, { chart }] of charts) {
      if (plans.some((plan) => plan.id === id)) continue;
      chart.destroy();
      charts.delete(id);
    }
    plans.forEach((plan, place) => {
      const signature = JSON.stringify(plan);
      let entry = charts.get(plan.id);
      if (entry && entry.signature !== signature) {
        entry.chart.destroy();
        entry = undefined;
      }
      entry ??= { chart: createChart(plan, events), plan, signature };
      charts.set(plan.id, entry);
      if (grid.children[place] !== entry.chart.element)
        grid.insertBefore(entry.chart.element, grid.children[place] ?? null);
    });
    return plans.flatMap((plan) => plan.series.map(({ name }) => name));
  };

  return {
    element: root,
    arrange,
    draw: (view) => {
      arrange(view);
      const verdicts = view.shown.flatMap(({ run }) => alarmsOf(run));
      let total = 0;
      let drawn = 0;
      for (const { chart, plan } of charts.values()) {
        const lines = linesOf(plan, view.shown, view.pointsOf);
        for (const { points } of lines) {
          total += points.total;
          drawn += points.steps.length;
        }
        const smoothing = isSetting(plan) ? 0 : view.smoothing;
        if (lines.length > 0) chart.draw({ ...view, smoothing, lines, verdicts });
      }
      root.dataset.haywireCharts = String(charts.size);
      root.dataset.haywirePoints = String(total);
      const thinned = drawn < total ? `${formatStep(drawn)} drawn, extremes kept` : "all drawn";
      setText(
        summary,
        charts.size === 0 ? (view.filter ? "No chart has this name." : "") : `${formatStep(total)} points, ${thinned}`,
      );
    },
    redraw: () => {
      for (const { chart } of charts.values()) chart.redraw();
    },
    plotWidth: () => Math.max(0, ...[...charts.values()].map(({ chart }) => chart.plotWidth())),
    moveCrosshair: (to) => {
      const entry = charts.get(focused() ?? "");
      const step = entry?.chart.moveCrosshair(to) ?? null;
      if (step === null) return;
      for (const { chart } of charts.values()) if (chart !== entry?.chart) chart.moveCrosshair({ step });
    },
    focused,
  };

  function focused(): string | null {
    const active = document.activeElement?.closest("[data-haywire-chart]")?.getAttribute("data-haywire-chart");
    return active ?? charts.keys().next().value ?? null;
  }
}
