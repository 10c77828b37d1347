/**
 * The strip above the charts: the newest verdict at warning or above with its next step, older ones behind a count;
 * one quiet line while a run is healthy. `data-haywire-verdicts` on it holds the run's verdict kinds, comma separated,
 * in the order in which they were reached; `data-haywire-verdict` the kind that is shown.
 */
import type { CodePlace, RunView, VerdictView } from "../server/protocol.ts";
import { button, element } from "./dom.ts";
import { formatStep } from "./numbers.ts";
import { alarmsOf, healthLine } from "./verdictWords.ts";

export interface VerdictStrip {
  readonly element: HTMLElement;
  draw(run: RunView | null): void;
  /** The previous or next verdict; returns the one shown now. */
  step(by: 1 | -1): VerdictView | null;
  shown(): VerdictView | null;
}

export function createVerdictStrip(events: {
  readonly openCode: (place: CodePlace) => void;
  readonly stepped: (verdict: VerdictView) => void;
}): VerdictStrip {
  const root = element("section", { class: "verdicts", "aria-live": "polite", "aria-label": "Verdicts", hidden: true });
  let run: RunView | null = null;
  /** The verdict that the user chose; null for the newest. */
  let chosen: string | null = null;
  let open = false;
  let drawn = "";

  const shown = (): VerdictView | null => {
    const alarms = run ? alarmsOf(run) : [];
    return alarms.find((verdict) => verdict.id === chosen) ?? alarms.at(-1) ?? null;
  };
  const step = (by: 1 | -1): VerdictView | null => {
    const alarms = run ? alarmsOf(run) : [];
    const now = alarms.findIndex((verdict) => verdict.id === shown()?.id);
    const next = alarms[Math.min(alarms.length - 1, Math.max(0, now + by))] ?? null;
    chosen = next && next.id !== alarms.at(-1)?.id ? next.id : null;
    render();
    if (next) events.stepped(next);
    return next;
  };

  const render = () => {
    const verdict = shown();
    // Rewriting the same words would make a screen reader say them again at every step.
    const state = JSON.stringify([run?.id, run?.verdicts, verdict?.id, open, run && healthLine(run)]);
    if (state === drawn) return;
    drawn = state;
    root.dataset.haywireVerdicts = run?.verdicts.map(({ kind }) => kind).join(",") ?? "";
    root.dataset.haywireVerdict = verdict?.kind ?? "";
    root.className = `verdicts ${verdict?.severity ?? "quiet"}`;
    const quiet = run && healthLine(run);
    root.hidden = !verdict && !quiet;
    if (run && verdict) root.replaceChildren(...strip(run, verdict));
    else root.replaceChildren(element("p", { class: "quiet" }, quiet ?? ""));
  };

  const strip = (of: RunView, verdict: VerdictView): HTMLElement[] => {
    const alarms = alarmsOf(of);
    const place = alarms.findIndex(({ id }) => id === verdict.id);
    const many = alarms.length > 1;
    const toggle = button(
      "Details",
      () => {
        open = !open;
        render();
        root.querySelector<HTMLElement>(".details-toggle")?.focus();
      },
      { class: "link details-toggle", "aria-expanded": String(open) },
    );
    const { code } = verdict;
    return [
      element(
        "div",
        { class: "headline" },
        element("span", { class: "icon", "aria-hidden": true }, verdict.severity === "error" ? "✖" : "⚠"),
        element("strong", {}, verdict.headline),
        many ? element("span", { class: "muted count" }, `${place + 1} of ${alarms.length}`) : null,
        many
          ? button("‹", () => step(-1), { class: "link", "aria-label": "Previous verdict", disabled: place === 0 })
          : null,
        many
          ? button("›", () => step(1), {
              class: "link",
              "aria-label": "Next verdict",
              disabled: place === alarms.length - 1,
            })
          : null,
        element("span", { class: "push" }),
        toggle,
      ),
      element(
        "p",
        { class: "next-step" },
        `${verdict.nextStep} `,
        code
          ? button(placeLabel(code), () => events.openCode(code), { class: "link code", title: "Go to this line" })
          : null,
      ),
      ...(open ? [details(of, verdict)] : []),
    ];
  };

  return {
    element: root,
    draw: (next) => {
      if (next?.id !== run?.id) {
        chosen = null;
        open = false;
      }
      run = next;
      render();
    },
    step,
    shown,
  };
}

function details(run: RunView, verdict: VerdictView): HTMLElement {
  const [from, to] = verdict.onsetRange;
  const onset = from === to ? formatStep(from) : `${formatStep(from)} to ${formatStep(to)}`;
  return element(
    "div",
    { class: "details" },
    element("h3", {}, "Evidence"),
    element("ul", {}, ...verdict.evidence.map((sentence) => element("li", {}, sentence))),
    element(
      "p",
      { class: "muted" },
      `Began at ${run.stepAxis} ${onset}, seen at ${formatStep(verdict.detectedStep)}, confidence ${Math.round(verdict.confidence * 100)} %.`,
    ),
    ...(verdict.causes.length > 0
      ? [
          element("h3", {}, "Consistent with"),
          element(
            "ol",
            {},
            ...verdict.causes.map(({ cause, why, rules }) =>
              element(
                "li",
                {},
                element("strong", {}, cause.replaceAll("-", " ")),
                ` ${why}`,
                rules.length > 0 ? element("span", { class: "muted" }, ` (${rules.join(", ")})`) : null,
              ),
            ),
          ),
        ]
      : []),
    element("h3", {}, "Checked"),
    element("p", {}, healthLine(run, true) ?? ""),
  );
}

function placeLabel(place: CodePlace): string {
  const name = decodeURIComponent(place.uri.split("/").pop() ?? place.uri);
  return `${name}:${place.line + 1}`;
}
