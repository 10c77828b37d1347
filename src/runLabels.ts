/** Words and icons for a run: pure, shared by the tree, the status bar and notifications. */
import { formatCompact, formatValue } from "../media/numbers.ts";
import type { RunView, SeriesView, VerdictView } from "../server/protocol.ts";

/** The verdict that matters most: the worst severity, and of these the newest; null for none. */
export function worstVerdict(run: RunView): VerdictView | null {
  const weight = { error: 2, warning: 1, info: 0 };
  let worst: VerdictView | null = null;
  for (const verdict of run.verdicts) {
    if (!worst || weight[verdict.severity] > weight[worst.severity]) worst = verdict;
    else if (weight[verdict.severity] === weight[worst.severity] && verdict.detectedStep >= worst.detectedStep) {
      worst = verdict;
    }
  }
  return worst;
}

/** A verdict at warning or above, null when the run is well as far as is known. */
export function alarmOf(run: RunView): VerdictView | null {
  const worst = worstVerdict(run);
  return worst && worst.severity !== "info" ? worst : null;
}

/** The series to quote for a run: training loss, else validation loss, else none. */
export function headlineSeries(run: RunView): SeriesView | null {
  const byRole = (role: SeriesView["role"]) => run.series.find((series) => series.role === role);
  return byRole("train-loss") ?? byRole("val-loss") ?? null;
}

/** "step 152k · loss 2.78", with what is known; "waiting for numbers" before the first. */
export function describeRun(run: RunView): string {
  const parts: string[] = [];
  if (run.lastStep !== null) parts.push(`${run.stepAxis} ${formatCompact(run.lastStep)}`);
  const loss = headlineSeries(run);
  if (loss && loss.last !== null) parts.push(`loss ${formatValue(loss.last)}`);
  if (run.state === "stalled") parts.push("stalled");
  if (parts.length === 0)
    parts.push(run.state === "waiting" || run.state === "live" ? "waiting for numbers" : run.state);
  return parts.join(" · ");
}

/** A codicon's id for the run's state: a verdict outranks the state of the process. */
export function runIcon(run: RunView): { readonly icon: string; readonly color: string | null } {
  const alarm = alarmOf(run);
  if (alarm?.severity === "error") return { icon: "error", color: "list.errorForeground" };
  if (alarm) return { icon: "warning", color: "list.warningForeground" };
  if (run.state === "failed") return { icon: "circle-slash", color: "list.errorForeground" };
  if (run.state === "live") return { icon: "pulse", color: "charts.green" };
  if (run.state === "stalled") return { icon: "debug-pause", color: "list.warningForeground" };
  if (run.state === "waiting") return { icon: "clock", color: null };
  if (run.state === "gone") return { icon: "question", color: null };
  return { icon: "pass", color: null };
}

/** Live runs first, then by their newest record, the newest first; ties by name. */
export function inTreeOrder(runs: readonly RunView[]): readonly RunView[] {
  const rank = (run: RunView) =>
    run.state === "live" || run.state === "stalled" ? 0 : run.state === "waiting" ? 1 : 2;
  return [...runs].sort(
    (a, b) => rank(a) - rank(b) || (b.updatedAt ?? 0) - (a.updatedAt ?? 0) || a.name.localeCompare(b.name),
  );
}

/** The run to show first: one that has gone wrong, else the first in the tree's order. */
export function mostUrgent(runs: readonly RunView[]): RunView | null {
  const ordered = inTreeOrder(runs);
  return ordered.find((run) => alarmOf(run)?.severity === "error") ?? ordered.find(alarmOf) ?? ordered[0] ?? null;
}

function isUnderWay({ state }: RunView): boolean {
  return state === "live" || state === "waiting" || state === "stalled";
}

export interface StatusText {
  readonly text: string;
  readonly severity: VerdictView["severity"] | null;
  readonly runId: string;
  readonly tooltip: string;
}

/** What the status bar says: the live run, or their count and the worst; null to hide it. */
export function statusOf(runs: readonly RunView[]): StatusText | null {
  const shown = runs.filter((run) => isUnderWay(run) || alarmOf(run));
  const live = shown.filter(isUnderWay);
  const candidates = live.length > 0 ? live : shown.slice(0, 1);
  const first = candidates[0];
  if (!first) return null;
  const worst = mostUrgent(candidates) ?? first;
  const alarm = alarmOf(worst);
  const loss = headlineSeries(worst);
  const numbers = [
    worst.lastStep === null ? "" : formatCompact(worst.lastStep),
    loss && loss.last !== null ? formatValue(loss.last) : "",
  ].filter(Boolean);
  const count = candidates.length > 1 ? `${candidates.length} runs, ` : "";
  return {
    text: `$(${alarm ? "warning" : "pulse"}) ${count}${worst.name} ${numbers.join(" · ")}`.trimEnd(),
    severity: alarm?.severity ?? null,
    runId: worst.id,
    tooltip: alarm ? `${worst.name}: ${alarm.headline}. ${alarm.nextStep}` : `${worst.name}: ${describeRun(worst)}`,
  };
}
