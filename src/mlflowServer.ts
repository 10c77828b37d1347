/** An MLflow tracking server that is followed: its URL is a setting, its token is kept in the editor's secret storage. */
import * as vscode from "vscode";
import { type Client, onNotification, onRunning, request } from "./client.ts";

export interface MlflowConnection extends vscode.Disposable {
  /** Asks for a token and keeps it for the server of the setting; empty forgets it. */
  askForToken(): Promise<void>;
}

export function connectMlflow(context: vscode.ExtensionContext, client: Client): MlflowConnection {
  const follow = async () => {
    if (!vscode.workspace.isTrusted) return;
    const { url, experiments } = readServer();
    const token = url === "" ? null : ((await context.secrets.get(secretOf(url))) ?? null);
    await request(client, "haywire/mlflow", { url, token, experiments });
  };
  const quietly = () => void follow().catch(() => undefined);
  const registrations = [
    onRunning(client, quietly),
    vscode.workspace.onDidGrantWorkspaceTrust(quietly),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("haywire.mlflow")) quietly();
    }),
    context.secrets.onDidChange(({ key }) => {
      if (key === secretOf(readServer().url)) quietly();
    }),
    onNotification(client, "haywire/mlflowProblem", async ({ problem }) => {
      if (problem === null) return;
      const token = "Enter Token";
      const settings = "Open Settings";
      const choice = await vscode.window.showWarningMessage(problem, token, settings);
      if (choice === token) await askForToken();
      if (choice === settings) await openSettings();
    }),
  ];

  const askForToken = async () => {
    const { url } = readServer();
    if (url === "") {
      await openSettings();
      return;
    }
    const token = await vscode.window.showInputBox({
      title: `Token for ${url}`,
      prompt:
        "A bearer token, or user:password. It is kept in the editor's secret storage; leave it empty to forget it.",
      password: true,
      ignoreFocusOut: true,
    });
    if (token === undefined) return;
    if (token === "") await context.secrets.delete(secretOf(url));
    else await context.secrets.store(secretOf(url), token);
  };

  return { askForToken, dispose: () => vscode.Disposable.from(...registrations).dispose() };
}

/** A token is kept for one server: a workspace that names another one does not get it. */
function secretOf(url: string): string {
  return `haywire.mlflow.token:${URL.canParse(url) ? new URL(url).origin : url}`;
}

function readServer(): { readonly url: string; readonly experiments: readonly string[] } {
  const section = vscode.workspace.getConfiguration("haywire.mlflow");
  const url = section.get<string>("trackingUri", "").trim();
  return { url: /^https?:\/\//.test(url) ? url : "", experiments: section.get<readonly string[]>("experiments", []) };
}

async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openSettings", "haywire.mlflow");
}
