/** What the panel says when there is no curve: no run, a run without numbers yet, a log without metrics, a file gone. */
import type { FromPanel, RunView } from "../server/protocol.ts";
import { button, element } from "./dom.ts";

type Command = Extract<FromPanel, { type: "command" }>["command"];

/** `none` when there is something to plot. */
export function emptyKind(run: RunView | null): "no-run" | "waiting" | "no-metrics" | "none" {
  if (!run) return "no-run";
  if (run.series.some(({ points }) => points > 0)) return "none";
  return run.state === "waiting" || run.state === "live" ? "waiting" : "no-metrics";
}

export interface EmptyState {
  readonly element: HTMLElement;
  /** `ready` is false until the host has said which runs there are. */
  draw(run: RunView | null, ready: boolean): void;
}

export function createEmptyState(command: (name: Command) => void): EmptyState {
  const root = element("section", { class: "empty", hidden: true });
  let drawn = "";
  const noRun = () => [
    element("p", {}, "No run yet. Run a script with Run and Watch, or watch the log of one that is running."),
    element(
      "p",
      { class: "buttons" },
      button("Run and Watch", () => command("runAndWatch"), { class: "primary" }),
      button("Watch Log…", () => command("watchLog"), { class: "secondary" }),
    ),
  ];
  const waiting = (run: RunView) => [
    element("p", {}, "Waiting for the first numbers."),
    ...(run.rawTail.length > 0
      ? [element("p", { class: "muted" }, "The last lines read:"), element("pre", {}, run.rawTail.join("\n"))]
      : [element("p", { class: "muted" }, "Nothing has been written so far.")]),
  ];
  const noMetrics = (run: RunView) => [
    element(
      "p",
      {},
      run.state === "gone"
        ? "The log is gone, and no metric had been read from it."
        : "No metric was found in this log.",
    ),
    element(
      "p",
      { class: "muted" },
      "Looked for: JSON lines, CSV with a header, dictionaries such as {'loss': 2.31, 'step': 100}, and text such as “step 100 loss 2.31”.",
    ),
    ...(run.rawTail.length > 0 ? [element("pre", {}, run.rawTail.join("\n"))] : []),
  ];
  return {
    element: root,
    draw: (run, ready) => {
      const kind = emptyKind(run);
      root.hidden = !ready || kind === "none";
      root.dataset.haywireEmpty = root.hidden ? "" : kind;
      const state = JSON.stringify([kind, run?.state, run?.rawTail]);
      if (root.hidden || state === drawn) return;
      drawn = state;
      if (kind === "no-run" || !run) root.replaceChildren(...noRun());
      else root.replaceChildren(...(kind === "waiting" ? waiting(run) : noMetrics(run)));
    },
  };
}
