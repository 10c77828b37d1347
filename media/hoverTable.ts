/** The small table beside the crosshair: step, each line's value as read, and the smoothed one in grey. */
import type uPlot from "uplot";
import type { ChartTable, ChartView } from "./chartLines.ts";
import { element } from "./dom.ts";
import { formatStep, formatValue } from "./numbers.ts";
import type { Theme } from "./theme.ts";

export interface HoverTable {
  /** Follows the plot's crosshair; hidden unless the pointer is over this chart. */
  show(plot: uPlot, view: ChartView, table: ChartTable, theme: Theme): void;
}

export function createHoverTable(target: HTMLElement): HoverTable {
  const root = element("div", { class: "hover", hidden: true, "aria-hidden": true });
  let over = false;
  target.addEventListener("pointerenter", () => {
    over = true;
  });
  target.addEventListener("pointerleave", () => {
    over = false;
    root.hidden = true;
  });
  return {
    show: (plot, view, table, theme) => {
      const { left, idx, idxs } = plot.cursor;
      const step = idx === null || idx === undefined ? undefined : table.x[idx];
      root.hidden = !over || left === undefined || left < 0 || step === undefined;
      if (root.hidden || left === undefined || step === undefined) return;
      if (root.parentElement !== plot.over) plot.over.append(root);

      const rows: HTMLElement[] = [];
      let column = 0;
      for (const line of view.lines) {
        for (let branch = 0; branch < line.branches.length; branch += 1, column += 1) {
          const at = idxs?.[1 + column];
          const raw = at === null || at === undefined ? undefined : table.raw[column]?.[at];
          if (typeof raw !== "number" || at === null || at === undefined) continue;
          const smoothed = table.smoothed[column]?.[at];
          const key = element("i", { class: "key" });
          key.style.borderTopColor = theme.line(line.color);
          key.style.borderTopStyle = line.dash === 0 ? "solid" : "dashed";
          rows.push(
            element(
              "tr",
              {},
              element("th", {}, key, line.label),
              element("td", {}, formatValue(raw)),
              element("td", { class: "muted" }, typeof smoothed === "number" ? formatValue(smoothed) : ""),
            ),
          );
        }
      }
      const caption = `${view.lines[0]?.run.stepAxis ?? "step"} ${formatStep(step)}`;
      root.replaceChildren(element("table", {}, element("caption", {}, caption), element("tbody", {}, ...rows)));
      const flip = left > plot.over.clientWidth / 2;
      root.style.left = flip ? "auto" : `${left + 12}px`;
      root.style.right = flip ? `${plot.over.clientWidth - left + 12}px` : "auto";
    },
  };
}
