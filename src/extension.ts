import * as vscode from "vscode";
import { type Client, createClient, onRunning } from "./client.ts";
import { registerCommands } from "./commands.ts";
import { watchDebuggers } from "./debuggedPrograms.ts";
import { createFollowOffers } from "./followOffers.ts";
import { connectMlflow } from "./mlflowServer.ts";
import { watchNotebooks } from "./notebookPrograms.ts";
import { createNotifications } from "./notifications.ts";
import { createPanel } from "./panel.ts";
import { registerRuleDocuments } from "./ruleDocuments.ts";
import { keepRunHistory } from "./runHistory.ts";
import { createRunTree } from "./runTree.ts";
import { createStatusBar } from "./statusBar.ts";
import { watchTerminals } from "./terminalPrograms.ts";
import { trackRuns } from "./trackedRuns.ts";
import { createLogWatcher } from "./watchLog.ts";

let client: Client | null = null;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = createClient(context);
  client = started;
  const runs = trackRuns(started);
  const panel = createPanel(context, started, runs);
  const logs = createLogWatcher(context, started, runs, panel);
  const history = keepRunHistory(context, runs);
  const mlflow = connectMlflow(context, started);
  const offers = createFollowOffers(started, runs, panel);
  const ownExecutions = new WeakSet<vscode.TerminalShellExecution>();
  context.subscriptions.push(
    runs,
    panel,
    createRunTree(runs),
    createStatusBar(runs),
    createNotifications(context, runs, panel),
    registerRuleDocuments(started),
    registerCommands({ client: started, runs, panel, logs, ownExecutions, mlflow, history }),
    mlflow,
    history,
    watchTerminals(offers, (execution) => ownExecutions.has(execution)),
    watchDebuggers(offers),
    watchNotebooks(offers),
    // Watches were the old server's: after a crash or a restart they begin anew.
    onRunning(started, () => {
      if (vscode.workspace.isTrusted) void runs.refresh().then(logs.restore);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => logs.restore()),
  );
  await started.start();
}

export async function deactivate(): Promise<void> {
  // A server that never came up cannot be stopped.
  if (client?.needsStop()) await client.stop();
  client = null;
}
