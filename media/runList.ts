/** The row of runs: a tick shows a run's lines, its name makes it the run that the header and the verdicts are about. */
import type { RunView } from "../server/protocol.ts";
import { button, element } from "./dom.ts";
import type { Theme } from "./theme.ts";
import { alarmsOf } from "./verdictWords.ts";

export interface RunList {
  readonly element: HTMLElement;
  draw(runs: readonly RunView[], shown: ReadonlySet<string>, selected: string | null, theme: Theme): void;
}

export function createRunList(events: {
  readonly toggled: (runId: string) => void;
  readonly selected: (runId: string) => void;
}): RunList {
  const root = element("div", { class: "runs", role: "group", "aria-label": "Runs" });
  let drawn = "";
  return {
    element: root,
    draw: (runs, shown, selected, theme) => {
      root.hidden = runs.length < 2;
      const severity = (run: RunView) => alarmsOf(run).at(-1)?.severity ?? "";
      const state = JSON.stringify([
        selected,
        theme.line(0),
        runs.map((run) => [run.id, run.name, severity(run), shown.has(run.id)]),
      ]);
      if (state === drawn) return;
      drawn = state;
      root.replaceChildren(
        ...runs.map((run, place) => {
          const tick = element("input", { type: "checkbox", "aria-label": `Show ${run.name}` });
          tick.checked = shown.has(run.id);
          tick.style.accentColor = theme.line(place);
          tick.addEventListener("change", () => events.toggled(run.id));
          const name = button(run.name, () => events.selected(run.id), {
            class: `link run-name ${severity(run)}`,
            "aria-current": run.id === selected ? "true" : null,
            title: run.paths.join("\n"),
          });
          return element("span", { class: "run", "data-haywire-run": run.name }, tick, name);
        }),
      );
    },
  };
}
