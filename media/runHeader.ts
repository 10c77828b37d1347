/** The first line: which run, whether it lives, where it is. `data-haywire-state` and `data-haywire-step` say the same. */
import type { RunView } from "../server/protocol.ts";
import { element, setText } from "./dom.ts";
import { formatDuration, formatRate, formatStep } from "./numbers.ts";

export interface RunHeader {
  readonly element: HTMLElement;
  draw(run: RunView | null, stepsPerSecond: number | null): void;
}

export function createRunHeader(): RunHeader {
  const name = element("h1", {});
  const dot = element("span", { class: "dot", "aria-hidden": true });
  const state = element("span", { class: "state" });
  const progress = element("span", { class: "progress muted" });
  const root = element(
    "header",
    { class: "run-header", hidden: true },
    name,
    dot,
    state,
    element("span", { class: "push" }),
    progress,
  );
  return {
    element: root,
    draw: (run, stepsPerSecond) => {
      root.hidden = !run;
      if (!run) return;
      root.dataset.haywireState = run.state;
      root.dataset.haywireStep = String(run.lastStep ?? "");
      dot.className = `dot ${run.state}`;
      setText(name, run.name);
      name.title = run.paths.join("\n");
      setText(state, run.state);
      state.title = run.stateReason ?? "";
      const elapsed = (run.updatedAt ?? 0) - (run.startedAt ?? 0);
      const parts = [
        run.lastStep === null ? "" : `${run.stepAxis} ${formatStep(run.lastStep)}`,
        run.state === "live" && stepsPerSecond !== null ? formatRate(stepsPerSecond) : "",
        elapsed >= 1000 ? formatDuration(elapsed) : "",
      ];
      setText(progress, parts.filter(Boolean).join(" · "));
    },
  };
}
