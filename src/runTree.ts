/** The *Training Runs* view: runs, and under each its verdicts, series and logs. */
import path from "node:path";
import * as vscode from "vscode";
import { formatStep, formatValue } from "../media/numbers.ts";
import type { CodePlace, RunView, SeriesView, VerdictView } from "../server/protocol.ts";
import { describeRun, runIcon } from "./runLabels.ts";
import type { TrackedRuns } from "./trackedRuns.ts";

/** What a row of the tree stands for; commands in its menu receive it. */
export type RunNode =
  | { readonly type: "run"; readonly runId: string }
  | { readonly type: "verdict"; readonly runId: string; readonly verdict: VerdictView }
  | { readonly type: "seriesGroup"; readonly runId: string }
  | { readonly type: "series"; readonly series: SeriesView }
  | { readonly type: "settings"; readonly runId: string }
  | { readonly type: "setting"; readonly name: string; readonly value: string }
  | { readonly type: "log"; readonly path: string };

/** Redraws of the tree at most this often; a run may change every 50 ms. */
const redrawInterval = 500;

export function createRunTree(runs: TrackedRuns): vscode.Disposable {
  const treeChanged = new vscode.EventEmitter<undefined>();
  let timer: NodeJS.Timeout | undefined;
  const redrawSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      treeChanged.fire(undefined);
    }, redrawInterval);
  };
  const provider: vscode.TreeDataProvider<RunNode> = {
    onDidChangeTreeData: treeChanged.event,
    getTreeItem: (node) => treeItem(node, runs),
    getChildren: (node) => childrenOf(node, runs),
  };
  const view = vscode.window.createTreeView("haywire.runs", { treeDataProvider: provider, showCollapseAll: true });
  return vscode.Disposable.from(
    view,
    treeChanged,
    runs.onListChange(() => treeChanged.fire(undefined)),
    runs.onChange(redrawSoon),
    new vscode.Disposable(() => clearTimeout(timer)),
  );
}

function childrenOf(node: RunNode | undefined, runs: TrackedRuns): RunNode[] {
  if (!node) return runs.all().map((run) => ({ type: "run", runId: run.id }));
  if (node.type !== "run" && node.type !== "seriesGroup" && node.type !== "settings") return [];
  const run = runs.get(node.runId);
  if (!run) return [];
  if (node.type === "settings") {
    return Object.entries(run.settings ?? {}).map(([name, value]) => ({ type: "setting", name, value }));
  }
  if (node.type === "seriesGroup") return run.series.map((series) => ({ type: "series", series }));
  return [
    ...[...run.verdicts].reverse().map((verdict): RunNode => ({ type: "verdict", runId: run.id, verdict })),
    ...(run.series.length > 0 ? [{ type: "seriesGroup", runId: run.id } as const] : []),
    ...(run.settings ? [{ type: "settings", runId: run.id } as const] : []),
    ...run.paths
      .filter((logPath) => path.isAbsolute(logPath))
      .map((logPath): RunNode => ({ type: "log", path: logPath })),
  ];
}

function treeItem(node: RunNode, runs: TrackedRuns): vscode.TreeItem {
  switch (node.type) {
    case "run":
      return runItem(node.runId, runs.get(node.runId));
    case "verdict":
      return verdictItem(node.runId, node.verdict);
    case "seriesGroup": {
      const item = new vscode.TreeItem("Series", vscode.TreeItemCollapsibleState.Collapsed);
      item.id = `${node.runId}/series`;
      item.description = String(runs.get(node.runId)?.series.length ?? 0);
      item.iconPath = new vscode.ThemeIcon("graph-line");
      return item;
    }
    case "settings": {
      const item = new vscode.TreeItem("Hyperparameters", vscode.TreeItemCollapsibleState.Collapsed);
      item.id = `${node.runId}/settings`;
      item.description = String(Object.keys(runs.get(node.runId)?.settings ?? {}).length);
      item.iconPath = new vscode.ThemeIcon("settings");
      return item;
    }
    case "setting": {
      const item = new vscode.TreeItem(node.name);
      item.description = node.value;
      item.tooltip = `${node.name} = ${node.value}`;
      return item;
    }
    case "series":
      return seriesItem(node.series);
    case "log": {
      const item = new vscode.TreeItem(vscode.Uri.file(node.path));
      item.description = path.dirname(vscode.workspace.asRelativePath(node.path));
      item.command = { command: "vscode.open", title: "Open", arguments: [vscode.Uri.file(node.path)] };
      item.contextValue = "log";
      return item;
    }
  }
}

function runItem(runId: string, run: RunView | undefined): vscode.TreeItem {
  const item = new vscode.TreeItem(run?.name ?? runId, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = runId;
  item.contextValue = "run";
  item.command = { command: "haywire.openPanel", title: "Open Panel", arguments: [{ type: "run", runId }] };
  if (!run) return item;
  const { icon, color } = runIcon(run);
  item.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
  item.description = describeRun(run);
  item.tooltip = [
    `${run.name}: ${run.state}${run.stateReason ? ` (${run.stateReason})` : ""}`,
    ...run.verdicts.map((verdict) => verdict.headline),
    ...run.problems,
  ].join("\n");
  item.accessibilityInformation = { label: `${run.name}, ${run.state}, ${describeRun(run)}` };
  return item;
}

function verdictItem(runId: string, verdict: VerdictView): vscode.TreeItem {
  const item = new vscode.TreeItem(verdict.headline);
  item.id = `${runId}/${verdict.id}`;
  item.contextValue = "verdict";
  item.tooltip = [verdict.headline, ...verdict.evidence, verdict.nextStep].join("\n");
  const color = { error: "list.errorForeground", warning: "list.warningForeground", info: "charts.blue" };
  item.iconPath = new vscode.ThemeIcon(verdict.severity, new vscode.ThemeColor(color[verdict.severity]));
  if (verdict.code) {
    item.description = placeLabel(verdict.code);
    item.command = { command: "haywire.goToCode", title: "Go to Code", arguments: [verdict.code] };
  } else {
    item.command = { command: "haywire.openPanel", title: "Open Panel", arguments: [{ type: "run", runId }] };
  }
  return item;
}

function seriesItem(series: SeriesView): vscode.TreeItem {
  const item = new vscode.TreeItem(series.name);
  const bad = series.nonFinite > 0 ? ` · ${formatStep(series.nonFinite)} not finite` : "";
  item.description = `${formatValue(series.last)}${bad}`;
  item.tooltip = `${series.name} (${series.role}), ${formatStep(series.points)} points`;
  return item;
}

function placeLabel(place: CodePlace): string {
  return `${path.posix.basename(vscode.Uri.parse(place.uri).path)}:${place.line + 1}`;
}
