import assert from "node:assert/strict";
import { test } from "node:test";
import { spansDecades } from "../../media/autoScale.ts";
import { linesOf, tableOf } from "../../media/chartLines.ts";
import { filterCharts, isSetting, planCharts } from "../../media/chartPlan.ts";
import { emptyKind } from "../../media/emptyState.ts";
import { commandOf, keySheet } from "../../media/keyboard.ts";
import { initialState, restoreState, selectRun, toggleRun } from "../../media/panelState.ts";
import { createRangeRequests } from "../../media/rangeRequests.ts";
import { createRateMeter } from "../../media/rate.ts";
import { healthLine } from "../../media/verdictWords.ts";
import { clamp, follow, zoomBy } from "../../media/viewWindow.ts";
import type { FromPanel, RangeRequest, SeriesPoints } from "../../server/protocol.ts";
import { runView, seriesView, verdictView } from "../runView.ts";

const run = runView({
  series: [
    seriesView("epoch", "epoch"),
    seriesView("zeta", "other"),
    seriesView("lr", "learning-rate"),
    seriesView("val_loss", "val-loss"),
    seriesView("acc", "metric"),
    seriesView("grad_norm", "grad-norm"),
    seriesView("loss", "train-loss"),
    seriesView("never", "other", null, 0),
  ],
});

test("charts come in the order of use: loss with validation, gradient norm, learning rate, then the rest", () => {
  const plans = planCharts([run]);
  assert.deepEqual(
    plans.map(({ title, series }) => [title, series.map(({ name }) => name)]),
    [
      ["loss", ["loss", "val_loss"]],
      ["gradient norm", ["grad_norm"]],
      ["learning rate", ["lr"]],
      ["acc", ["acc"]],
      ["zeta", ["zeta"]],
    ],
  );
  assert.deepEqual(
    filterCharts(plans, "NORM grad").map(({ title }) => title),
    ["gradient norm"],
  );
});

const pointsOf = (_: string, name: string): SeriesPoints | undefined =>
  name === "loss" || name === "val_loss"
    ? { name, steps: [0, 1, 2], values: [2, -1, 1], nonFinite: [], total: 3 }
    : undefined;

test("one run has a colour a series; several have a colour a run", () => {
  const [loss] = planCharts([run]);
  assert.ok(loss);
  const alone = linesOf(loss, [{ run, place: 3 }], pointsOf);
  assert.deepEqual(
    alone.map(({ label, color }) => [label, color]),
    [
      ["train", 0],
      ["val", 1],
    ],
  );
  const other = runView({ ...run, id: "b", name: "exp11" });
  const both = linesOf(
    loss,
    [
      { run, place: 0 },
      { run: other, place: 2 },
    ],
    pointsOf,
  );
  assert.deepEqual(
    both.map(({ label, color }) => [label, color]),
    [
      ["exp12 train", 0],
      ["exp12 val", 0],
      ["exp11 train", 2],
      ["exp11 val", 2],
    ],
  );
});

test("a logarithmic axis leaves out what is not positive and counts it", () => {
  const [loss] = planCharts([run]);
  assert.ok(loss);
  const lines = linesOf(loss, [{ run, place: 0 }], pointsOf);
  assert.equal(tableOf(lines, 0.6, true).notPositive, 2);
  assert.deepEqual(tableOf(lines, 0.6, true).raw[0], [2, null, 1]);
  assert.deepEqual(tableOf(lines, 0.6, false).raw[0], [2, -1, 1]);
});

test("each key of the sheet does something, and no key acts with Ctrl", () => {
  const names: Record<string, string> = { "←": "ArrowLeft", "→": "ArrowRight", "−": "-", Esc: "Escape" };
  for (const [keys] of keySheet) {
    for (const key of keys.split(" ").filter((name) => name !== "…")) {
      assert.ok(commandOf(names[key] ?? key, { shift: false, other: false }), key);
      assert.equal(commandOf(names[key] ?? key, { shift: false, other: true }), null, key);
    }
  }
  assert.deepEqual(commandOf("ArrowLeft", { shift: true, other: false }), { type: "moveCrosshair", by: -10 });
  assert.equal(commandOf("toString", { shift: false, other: false }), null);
});

test("zooming in and out again leads back to the whole run", () => {
  const full = [0, 1000] as const;
  const inside = zoomBy(null, 0.5, full);
  assert.deepEqual(inside, [250, 750]);
  assert.equal(zoomBy(inside, 2, full), null);
  assert.deepEqual(clamp([900, 1100], full), [800, 1000]);
  assert.deepEqual(follow([100, 300], 1000), [800, 1000]);
});

test("what was saved is restored; what cannot be trusted is not", () => {
  const state = toggleRun(selectRun({ ...initialState, zoom: [1, 2], logY: true, smoothing: 0.3 }, "a"), "b");
  assert.deepEqual(restoreState(JSON.parse(JSON.stringify(state))), state);
  assert.deepEqual(restoreState(undefined), initialState);
  assert.deepEqual(restoreState({ zoom: [5, 5], smoothing: 7, shown: [1, "a"], filter: 3 }), {
    ...initialState,
    smoothing: 0.99,
    shown: ["a"],
  });
});

test("the last run shown cannot be hidden", () => {
  const state = selectRun(initialState, "a");
  assert.deepEqual(toggleRun(state, "a").shown, ["a"]);
});

test("one request is under way for a run; of those that wait only the newest is sent", () => {
  const sent: FromPanel[] = [];
  const requests = createRangeRequests((message) => sent.push(message));
  const wish = (to: number): RangeRequest => ({ runId: "a", series: ["loss"], from: 0, to, columns: 100 });
  for (const to of [1, 2, 3]) requests.ask(wish(to));
  requests.ask({ ...wish(9), runId: "b" });
  assert.equal(sent.length, 2);
  const result = { runId: "a", series: [] };
  assert.equal(requests.answer({ type: "range", requestId: 99, result }), null);
  assert.equal(requests.answer({ type: "range", requestId: 1, result }), result);
  assert.deepEqual(
    sent.map((message) => message.type === "range" && message.request.to),
    [1, 9, 3],
  );
  assert.equal(requests.answer({ type: "rangeFailed", requestId: 3 }), null);
  requests.ask(wish(4));
  assert.equal(sent.length, 4);
});

test("the rate is told from two seconds on and starts anew when steps go back", () => {
  const meter = createRateMeter();
  assert.equal(meter.see(0, 0), null);
  assert.equal(meter.see(40, 1000), null);
  assert.equal(meter.see(120, 3000), 40);
  assert.equal(meter.see(10, 4000), null);
});

test("a healthy run says what could not be checked; an alarm silences the word", () => {
  const silent = [{ kind: "vanishing-gradient", why: "no gradient norm in the log" }] as const;
  const checked = runView({ checks: { ran: 14, silent } });
  assert.equal(healthLine(checked), "healthy · 14 checks ran, 1 could not (no gradient norm in the log)");
  assert.equal(healthLine(runView({ firstStep: null })), null);
  assert.equal(healthLine(runView({ verdicts: [verdictView()] })), null);
  assert.equal(healthLine(runView({ verdicts: [verdictView()] }), true), "3 checks ran.");
});

test("an empty panel says why it is empty", () => {
  assert.equal(emptyKind(null), "no-run");
  assert.equal(emptyKind(runView({ state: "waiting", series: [] })), "waiting");
  assert.equal(emptyKind(runView({ state: "finished", series: [] })), "no-metrics");
  assert.equal(emptyKind(runView()), "none");
});

test("a positive curve that spans three decades starts out logarithmic, others linear", () => {
  const curve = (values: (number | null)[]) => ({
    name: "loss",
    steps: values.map((_, index) => index),
    values,
    nonFinite: [],
    total: values.length,
  });
  const falling = Array.from({ length: 60 }, (_, index) => 10 ** (-index / 15));
  assert.ok(spansDecades(curve(falling)));
  assert.ok(spansDecades(curve([...falling, null])));
  assert.ok(!spansDecades(curve([...falling, -1])));
  assert.ok(!spansDecades(curve(falling.map((value) => 1 + value))));
  assert.ok(!spansDecades(curve(falling.slice(0, 49))));
});

test("the learning rate and the loss scale are drawn as they are set, measured values are smoothed", () => {
  const chart = (role: "learning-rate" | "loss-scale" | "train-loss") => ({
    id: role,
    title: role,
    series: [{ name: role, role }],
    main: false,
  });
  assert.ok(isSetting(chart("learning-rate")) && isSetting(chart("loss-scale")));
  assert.ok(!isSetting(chart("train-loss")));
});
