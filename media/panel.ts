/** The panel: takes the host's messages, keeps what is shown, draws at most once a frame. */
import type { FromPanel, RunView, SeriesPoints, ToPanel, VerdictView } from "../server/protocol.ts";
import { spansDecades } from "./autoScale.ts";
import { type ChartsView, createCharts } from "./charts.ts";
import { button, element } from "./dom.ts";
import { createEmptyState, emptyKind } from "./emptyState.ts";
import { commandOf, type PanelCommand } from "./keyboard.ts";
import { createKeySheet } from "./keySheet.ts";
import { type PanelState, restoreState, selectRun, toggleRun } from "./panelState.ts";
import { createRangeRequests } from "./rangeRequests.ts";
import { createRateMeter, type RateMeter } from "./rate.ts";
import { createRunHeader } from "./runHeader.ts";
import { createRunList } from "./runList.ts";
import { onThemeChange, readTheme } from "./theme.ts";
import { createToolbar, type ToolbarState } from "./toolbar.ts";
import { createVerdictStrip } from "./verdictStrip.ts";
import { clamp, follow, type Window, zoomBy } from "./viewWindow.ts";

const host = acquireVsCodeApi<PanelState>();
const post = (message: FromPanel) => host.postMessage(message);

let state = restoreState(host.getState());
let theme = readTheme();
let ready = false;
let defaultSmoothing = 0.6;
let frame = 0;
let spansWide = false;
/** In the host's order, which settles colours and the keys 1 to 9. */
let runs: readonly RunView[] = [];
const points = new Map<string, Map<string, SeriesPoints>>();
const rates = new Map<string, RateMeter>();
const speeds = new Map<string, number | null>();

const requests = createRangeRequests(post);
const header = createRunHeader();
const strip = createVerdictStrip({
  openCode: (place) => post({ type: "openCode", place }),
  stepped: (verdict) => revealStep(verdict.onsetStep),
});
const runList = createRunList({
  toggled: (runId) => change(toggleRun(state, runId)),
  selected: (runId) => change(selectRun(state, runId)),
});
const toolbar = createToolbar(changeFromToolbar);
const empty = createEmptyState((command) => post({ type: "command", command }));
const charts = createCharts({
  theme: () => theme,
  zoomed: (window) => zoomTo(clamp(window, fullWindow())),
  resetZoom: () => zoomTo(null),
  resized: () => ask(),
});
const problems = element("p", { class: "problems muted" });
const sheet = createKeySheet();

document.querySelector("#haywire")?.append(
  header.element,
  strip.element,
  runList.element,
  toolbar.element,
  problems,
  empty.element,
  charts.element,
  element(
    "footer",
    { class: "footer muted" },
    button("? keys", () => sheet.showModal(), { class: "link" }),
  ),
  sheet,
);

window.addEventListener("message", ({ data }: MessageEvent<ToPanel>) => receive(data));
document.addEventListener("keydown", onKey);
onThemeChange(() => {
  theme = readTheme();
  charts.redraw();
  schedule();
});
post({ type: "ready" });

function receive(message: ToPanel): void {
  switch (message.type) {
    case "settings":
      defaultSmoothing = message.smoothing;
      schedule();
      return;
    case "runs":
      ready = true;
      // The run that was selected before a reload may come later, when its log has been found again.
      runs = message.runs;
      if (message.selected !== null && message.selected !== state.selected) {
        state = selectRun(state, message.selected);
      } else if (state.selected === null && runs[0]) {
        state = selectRun(state, runs[0].id);
      }
      if (message.selected === null && state.selected !== null) post({ type: "select", runId: state.selected });
      for (const run of runs) measure(run);
      // Answers to an earlier page's questions never come.
      requests.forget();
      change(state);
      return;
    case "run":
      runs = runs.map((run) => (run.id === message.run.id ? message.run : run));
      measure(message.run);
      if (state.shown.includes(message.run.id)) ask(message.run.id);
      schedule();
      return;
    case "range":
    case "rangeFailed": {
      const result = requests.answer(message);
      if (!result) return;
      points.set(result.runId, new Map(result.series.map((series) => [series.name, series])));
      schedule();
      return;
    }
    case "reveal":
      if (message.runId !== state.selected) change(selectRun(state, message.runId));
      if (message.step !== null) revealStep(message.step);
  }
}

function measure(run: RunView): void {
  if (run.lastStep === null) return;
  const meter = rates.get(run.id) ?? createRateMeter();
  rates.set(run.id, meter);
  speeds.set(run.id, meter.see(run.lastStep, Date.now()));
}

function selectedRun(): RunView | null {
  return runs.find(({ id }) => id === state.selected) ?? runs[0] ?? null;
}

function shownRuns(): { run: RunView; place: number }[] {
  const all = runs.map((run, place) => ({ run, place }));
  const shown = all.filter(({ run }) => state.shown.includes(run.id));
  return shown.length > 0 ? shown : all.slice(0, 1);
}

function fullWindow(): Window {
  const shown = shownRuns().map(({ run }) => run);
  const from = Math.min(...shown.map((run) => run.firstStep ?? Number.POSITIVE_INFINITY));
  const to = Math.max(...shown.map((run) => run.lastStep ?? Number.NEGATIVE_INFINITY));
  if (!Number.isFinite(from) || !Number.isFinite(to)) return [0, 1];
  return from < to ? [from, to] : [from - 0.5, to + 0.5];
}

function currentWindow(): Window {
  if (!state.zoom) return fullWindow();
  return state.following ? follow(state.zoom, fullWindow()[1]) : state.zoom;
}

/** The whole curve decides, not the part that is zoomed to. */
function isLogarithmic(): boolean {
  if (state.logY !== null) return state.logY;
  if (state.zoom === null) {
    spansWide = shownRuns().some(({ run }) =>
      run.series.some(({ name, role }) => {
        const curve = role === "train-loss" ? points.get(run.id)?.get(name) : undefined;
        return curve !== undefined && spansDecades(curve);
      }),
    );
  }
  return spansWide;
}

function chartsView(): ChartsView {
  return {
    shown: shownRuns(),
    pointsOf: (runId, series) => points.get(runId)?.get(series),
    window: currentWindow(),
    smoothing: state.smoothing ?? defaultSmoothing,
    logY: isLogarithmic(),
    robust: state.robust,
    filter: state.filter,
    alone: state.alone,
  };
}

/** Asks for the points of the shown window, of one run or of all that are shown. */
function ask(runId?: string): void {
  const series = charts.arrange(chartsView());
  const width = charts.plotWidth() || Math.max(200, document.body.clientWidth - 80);
  const [from, to] = currentWindow();
  // A little more on both sides, so that lines reach the edges.
  const margin = (to - from) * 0.02;
  for (const { run } of shownRuns()) {
    if (runId !== undefined && run.id !== runId) continue;
    const has = new Set(run.series.map(({ name }) => name));
    const wanted = series.filter((name) => has.has(name));
    if (wanted.length === 0) continue;
    requests.ask({
      runId: run.id,
      series: wanted,
      from: state.zoom ? from - margin : null,
      to: state.zoom ? to + margin : null,
      columns: Math.max(50, Math.round(width * devicePixelRatio)),
    });
  }
}

function change(next: PanelState): void {
  if (next.selected !== null && next.selected !== state.selected) post({ type: "select", runId: next.selected });
  state = next;
  host.setState(state);
  ask();
  schedule();
}

function zoomTo(zoom: Window | null): void {
  const atTail = zoom !== null && zoom[1] >= fullWindow()[1];
  change({ ...state, zoom, following: zoom !== null && (state.following || atTail) && atTail });
}

function changeFromToolbar(part: Partial<ToolbarState>): void {
  const { zoomed, ...rest } = part;
  if (zoomed === false) zoomTo(null);
  else change({ ...state, ...rest });
}

function revealStep(step: number): void {
  const [from, to] = currentWindow();
  if (step < from || step > to) zoomTo(null);
  requestAnimationFrame(() => charts.moveCrosshair({ step }));
}

function schedule(): void {
  if (frame === 0) frame = requestAnimationFrame(draw);
}

function draw(): void {
  frame = 0;
  const run = selectedRun();
  const nothing = emptyKind(run) !== "none";
  header.draw(run, run ? (speeds.get(run.id) ?? null) : null);
  strip.draw(run);
  runList.draw(runs, new Set(shownRuns().map(({ run: shown }) => shown.id)), run?.id ?? null, theme);
  empty.draw(run, ready);
  toolbar.element.hidden = nothing;
  charts.element.hidden = nothing;
  problems.textContent = [
    ...(run?.state === "gone" && !nothing ? ["The log is gone; the curve is kept."] : []),
    ...(run?.problems ?? []),
  ].join(" ");
  toolbar.draw({
    smoothing: state.smoothing ?? defaultSmoothing,
    logY: isLogarithmic(),
    robust: state.robust,
    following: state.following,
    zoomed: state.zoom !== null,
    filter: state.filter,
  });
  if (!nothing) charts.draw(chartsView());
}

function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const typing = target instanceof HTMLInputElement && target.type !== "checkbox";
  if (sheet.open || (typing && event.key !== "Escape")) return;
  if (target instanceof HTMLButtonElement && event.key === "Enter") return;
  const command = commandOf(event.key, {
    shift: event.shiftKey,
    other: event.ctrlKey || event.metaKey || event.altKey,
  });
  if (!command) return;
  event.preventDefault();
  if (typing) target.blur();
  else obey(command);
}

function obey(command: PanelCommand): void {
  switch (command.type) {
    case "moveCrosshair":
      charts.moveCrosshair({ by: command.by });
      return;
    case "stepVerdict":
      strip.step(command.by);
      return;
    case "zoom":
      zoomTo(zoomBy(currentWindow(), command.factor, fullWindow()));
      return;
    case "resetZoom":
      zoomTo(null);
      return;
    case "toggleRun": {
      const run = runs[command.index];
      if (run) change(toggleRun(state, run.id));
      return;
    }
    case "follow":
      change({ ...state, following: state.zoom !== null && !state.following });
      return;
    case "logY":
      change({ ...state, logY: !isLogarithmic() });
      return;
    case "smoothing":
      change({ ...state, smoothing: (state.smoothing ?? defaultSmoothing) > 0 ? 0 : defaultSmoothing || 0.6 });
      return;
    case "robust":
      change({ ...state, robust: !state.robust });
      return;
    case "filter":
      toolbar.focusFilter();
      return;
    case "goToCode":
      openCodeOf(strip.shown());
      return;
    case "openAlone":
      change({ ...state, alone: state.alone === null ? charts.focused() : null });
      return;
    case "leave":
      change({ ...state, alone: null, filter: "" });
      return;
    case "keys":
      sheet.showModal();
  }
}

function openCodeOf(verdict: VerdictView | null): void {
  if (verdict?.code) post({ type: "openCode", place: verdict.code });
}
