/** The plot panel beside the code: sends it runs and ranges, does what it asks. It can be thrown away and rebuilt. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { FromPanel, RangeRequest, ToPanel } from "../server/protocol.ts";
import { type Client, request } from "./client.ts";
import { goToCode } from "./goToCode.ts";
import { panelHtml } from "./panelHtml.ts";
import { readSettings } from "./settings.ts";
import type { TrackedRuns } from "./trackedRuns.ts";

export const panelViewType = "haywire.panel";

export interface Panel extends vscode.Disposable {
  /** Opens the panel beside the code or brings it to the front; shows `runId` and, when given, the step. */
  open(runId: string | null, step?: number | null): void;
  /** Whether the panel has the focus. */
  isActive(): boolean;
}

export function createPanel(context: vscode.ExtensionContext, client: Client, runs: TrackedRuns): Panel {
  let panel: vscode.WebviewPanel | null = null;
  let selected: string | null = null;
  const media = vscode.Uri.joinPath(context.extensionUri, "dist", "media");
  const webviewOptions: vscode.WebviewOptions = { enableScripts: true, localResourceRoots: [media] };

  const post = (message: ToPanel) => {
    if (panel?.visible) void panel.webview.postMessage(message);
  };
  const postRuns = () => post({ type: "runs", runs: runs.all(), selected });
  const postRange = async (requestId: number, range: RangeRequest) => {
    try {
      post({ type: "range", requestId, result: await request(client, "haywire/range", range) });
    } catch {
      post({ type: "rangeFailed", requestId });
    }
  };

  const receive = async (message: FromPanel) => {
    switch (message.type) {
      case "ready":
        post({ type: "settings", smoothing: readSettings().smoothing });
        return postRuns();
      case "range":
        return postRange(message.requestId, message.request);
      case "select":
        selected = message.runId;
        return setTitle();
      case "openCode":
        return goToCode(message.place);
      case "previewFix": {
        const place = runs.get(message.runId)?.verdicts.find((verdict) => verdict.id === message.verdictId)?.code;
        if (!place) return;
        await goToCode(place);
        await vscode.commands.executeCommand("editor.action.quickFix");
        return;
      }
      case "command":
        await vscode.commands.executeCommand(`haywire.${message.command}`);
    }
  };
  const setTitle = () => {
    const run = selected === null ? undefined : runs.get(selected);
    if (panel) panel.title = run ? `Run: ${run.name}` : "Training Run";
  };

  const adopt = (adopted: vscode.WebviewPanel) => {
    panel = adopted;
    adopted.webview.options = webviewOptions;
    const uri = (name: string) => adopted.webview.asWebviewUri(vscode.Uri.joinPath(media, name)).toString();
    adopted.webview.onDidReceiveMessage(receive);
    adopted.onDidDispose(() => {
      if (panel === adopted) panel = null;
    });
    adopted.webview.html = panelHtml({
      script: uri("panel.js"),
      style: uri("panel.css"),
      cspSource: adopted.webview.cspSource,
      nonce: randomBytes(16).toString("base64url"),
    });
    setTitle();
  };

  const registrations = [
    runs.onChange((run) => post({ type: "run", run })),
    runs.onVerdict(({ run }) => post({ type: "run", run })),
    runs.onListChange(() => {
      setTitle();
      postRuns();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("haywire.panel")) post({ type: "settings", smoothing: readSettings().smoothing });
    }),
    vscode.window.registerWebviewPanelSerializer(panelViewType, {
      deserializeWebviewPanel: async (restored) => adopt(restored),
    }),
  ];

  return {
    open: (runId, step = null) => {
      selected = runId ?? selected ?? runs.all()[0]?.id ?? null;
      if (panel) {
        panel.reveal(undefined, true);
        setTitle();
        postRuns();
      } else {
        const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
        adopt(vscode.window.createWebviewPanel(panelViewType, "Training Run", column, webviewOptions));
      }
      if (selected !== null && step !== null) post({ type: "reveal", runId: selected, step });
    },
    isActive: () => panel?.active ?? false,
    dispose: () => {
      panel?.dispose();
      vscode.Disposable.from(...registrations).dispose();
    },
  };
}
