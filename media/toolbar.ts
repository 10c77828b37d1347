/** Controls over all charts: smoothing, y axis, outliers, following, filter. */
import { button, element, setText } from "./dom.ts";

export interface ToolbarState {
  readonly smoothing: number;
  readonly logY: boolean;
  readonly robust: boolean;
  readonly following: boolean;
  readonly zoomed: boolean;
  readonly filter: string;
}

export interface Toolbar {
  readonly element: HTMLElement;
  draw(state: ToolbarState): void;
  focusFilter(): void;
}

export function createToolbar(change: (part: Partial<ToolbarState>) => void): Toolbar {
  let state: ToolbarState | null = null;
  const smoothing = element("input", {
    type: "range",
    min: 0,
    max: 0.99,
    step: 0.01,
    "aria-label": "Smoothing",
    title: "Smoothing (s)",
  });
  const weight = element("output", { class: "muted" });
  const filter = element("input", {
    type: "search",
    placeholder: "Filter charts",
    "aria-label": "Filter charts",
    title: "Filter charts (/)",
  });
  const log = button("y: linear", () => change({ logY: !state?.logY }), { title: "Logarithmic or linear y axis (l)" });
  const robust = button("outliers", () => change({ robust: !state?.robust }), {
    title: "Leave outliers outside the y axis (r)",
  });
  const follow = button("follow", () => change({ following: !state?.following }), {
    title: "Follow the newest step (f)",
  });
  const reset = button("reset zoom", () => change({ zoomed: false }), { title: "Show the whole run (0)" });
  smoothing.addEventListener("input", () => change({ smoothing: Number(smoothing.value) }));
  filter.addEventListener("input", () => change({ filter: filter.value }));
  const root = element(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "Charts" },
    element("label", { class: "smoothing" }, "smooth ", smoothing, weight),
    log,
    robust,
    follow,
    reset,
    filter,
  );
  return {
    element: root,
    draw: (next) => {
      state = next;
      if (Number(smoothing.value) !== next.smoothing) smoothing.value = String(next.smoothing);
      setText(weight, next.smoothing.toFixed(2));
      setText(log, next.logY ? "y: log" : "y: linear");
      log.setAttribute("aria-pressed", String(next.logY));
      setText(robust, next.robust ? "outliers cut" : "outliers kept");
      robust.setAttribute("aria-pressed", String(next.robust));
      follow.setAttribute("aria-pressed", String(next.following));
      follow.hidden = !next.zoomed;
      reset.hidden = !next.zoomed;
      if (filter.value !== next.filter) filter.value = next.filter;
    },
    focusFilter: () => filter.focus(),
  };
}
