/** One notification for each new verdict at warning or above, unless the panel that shows it has the focus. */
import * as vscode from "vscode";
import { goToCode } from "./goToCode.ts";
import type { Panel } from "./panel.ts";
import { readSettings } from "./settings.ts";
import type { TrackedRuns } from "./trackedRuns.ts";

const announcedKey = "haywire.announced";
/** Verdicts remembered as announced: logs are read again after a reload of the window. */
const mostRemembered = 500;

export function createNotifications(
  context: vscode.ExtensionContext,
  runs: TrackedRuns,
  panel: Panel,
): vscode.Disposable {
  const snoozed = new Set<string>();
  const announced = new Set(context.workspaceState.get<readonly string[]>(announcedKey, []));
  return runs.onVerdict(async ({ run, verdict }) => {
    const key = `${run.id}/${verdict.id}/${verdict.onsetStep}`;
    if (announced.has(key)) return;
    announced.add(key);
    void context.workspaceState.update(announcedKey, [...announced].slice(-mostRemembered));
    const wanted = readSettings().notifications;
    if (wanted === "off" || verdict.severity === "info") return;
    if (wanted === "errors" && verdict.severity !== "error") return;
    if (snoozed.has(run.id) || panel.isActive()) return;

    const show = "Show";
    const code = "Go to Code";
    const snooze = "Snooze This Run";
    const actions = verdict.code ? [show, code, snooze] : [show, snooze];
    const message = `${run.name}: ${verdict.headline}.\n${verdict.nextStep}`;
    const notify = verdict.severity === "error" ? vscode.window.showErrorMessage : vscode.window.showWarningMessage;
    const choice = await notify(message, ...actions);
    if (choice === show) panel.open(run.id, verdict.onsetStep);
    if (choice === code && verdict.code) await goToCode(verdict.code);
    if (choice === snooze) snoozed.add(run.id);
  });
}
