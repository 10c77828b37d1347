/** The status bar item: the live run's step and loss, coloured only when there is a verdict. */
import * as vscode from "vscode";
import { statusOf } from "./runLabels.ts";
import type { TrackedRuns } from "./trackedRuns.ts";

const redrawInterval = 250;

export function createStatusBar(runs: TrackedRuns): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("haywire.run", vscode.StatusBarAlignment.Left, 50);
  item.name = "Haywire training run";
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    timer = undefined;
    const status = statusOf(runs.all());
    if (!status) return item.hide();
    item.text = status.text;
    item.tooltip = status.tooltip;
    item.command = {
      command: "haywire.openPanel",
      title: "Open Panel",
      arguments: [{ type: "run", runId: status.runId }],
    };
    const background = {
      error: "statusBarItem.errorBackground",
      warning: "statusBarItem.warningBackground",
      info: null,
    };
    const color = status.severity && background[status.severity];
    item.backgroundColor = color ? new vscode.ThemeColor(color) : undefined;
    item.accessibilityInformation = { label: status.tooltip };
    item.show();
  };
  const drawSoon = () => {
    timer ??= setTimeout(draw, redrawInterval);
  };
  return vscode.Disposable.from(
    item,
    runs.onChange(drawSoon),
    runs.onListChange(draw),
    runs.onVerdict(draw),
    new vscode.Disposable(() => clearTimeout(timer)),
  );
}
