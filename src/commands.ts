/** Every command of Haywire, in one place. In Restricted Mode only those that concern lint do anything. */
import * as vscode from "vscode";
import type { CodePlace } from "../server/protocol.ts";
import type { Client } from "./client.ts";
import { goToCode } from "./goToCode.ts";
import type { MlflowConnection } from "./mlflowServer.ts";
import type { Panel } from "./panel.ts";
import { showRule } from "./ruleDocuments.ts";
import { runAndWatch } from "./runAndWatch.ts";
import type { RunHistory } from "./runHistory.ts";
import type { RunNode } from "./runTree.ts";
import type { TrackedRuns } from "./trackedRuns.ts";
import type { LogWatcher } from "./watchLog.ts";

export interface CommandContext {
  readonly client: Client;
  readonly runs: TrackedRuns;
  readonly panel: Panel;
  readonly logs: LogWatcher;
  readonly history: RunHistory;
  readonly mlflow: MlflowConnection;
  readonly ownExecutions: WeakSet<vscode.TerminalShellExecution>;
}

interface Command {
  readonly needsTrust: boolean;
  readonly run: (context: CommandContext, target: unknown) => unknown;
}

const commands: Readonly<Record<string, Command>> = {
  "haywire.runAndWatch": { needsTrust: true, run: (context, target) => runAndWatch(target, context) },
  "haywire.watchLog": { needsTrust: true, run: ({ logs }, target) => logs.watch(target) },
  "haywire.openPanel": { needsTrust: true, run: ({ panel }, target) => panel.open(runIdOf(target)) },
  "haywire.stopWatching": { needsTrust: true, run: stopWatching },
  "haywire.setMlflowToken": { needsTrust: true, run: ({ mlflow }) => mlflow.askForToken() },
  "haywire.clearHistory": { needsTrust: false, run: ({ history }) => history.clear() },
  "haywire.goToCode": { needsTrust: true, run: (_, target) => isCodePlace(target) && goToCode(target) },
  "haywire.showRule": { needsTrust: false, run: (_, target) => showRule(target) },
  "haywire.restartServer": { needsTrust: false, run: ({ client }) => client.restart() },
  "haywire.fixAll": { needsTrust: false, run: fixAll },
};

export function registerCommands(context: CommandContext): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, { needsTrust, run }]) =>
      vscode.commands.registerCommand(name, async (target: unknown) => {
        if (!needsTrust || vscode.workspace.isTrusted) return run(context, target);
        await vscode.window.showInformationMessage(
          "Haywire runs and follows nothing in Restricted Mode; trust this workspace first.",
        );
      }),
    ),
  );
}

async function stopWatching({ runs, logs }: CommandContext, target: unknown): Promise<void> {
  const runId = runIdOf(target) ?? (await askForRun(runs));
  if (runId !== null) await logs.stop(runId);
}

async function askForRun(runs: TrackedRuns): Promise<string | null> {
  const choices = runs.all().map((run) => ({ label: run.name, description: run.state, runId: run.id }));
  return (await vscode.window.showQuickPick(choices, { placeHolder: "Run to stop watching" }))?.runId ?? null;
}

async function fixAll(): Promise<void> {
  await vscode.commands.executeCommand("editor.action.codeAction", { kind: "source.fixAll.haywire", apply: "first" });
}

/** A row of the tree, or a run's id. */
function runIdOf(target: unknown): string | null {
  if (typeof target === "string") return target;
  return isRunNode(target) && "runId" in target ? target.runId : null;
}

function isRunNode(target: unknown): target is RunNode {
  return typeof target === "object" && target !== null && "type" in target;
}

function isCodePlace(target: unknown): target is CodePlace {
  return typeof target === "object" && target !== null && "uri" in target && "endCharacter" in target;
}
