/** *Watch Log…*: follows a file or folder, and remembers it for the next start of the window. */
import path from "node:path";
import * as vscode from "vscode";
import { type Client, request } from "./client.ts";
import type { Panel } from "./panel.ts";
import { mostUrgent } from "./runLabels.ts";
import type { TrackedRuns } from "./trackedRuns.ts";
import { placesOf } from "./watchScriptLogs.ts";

const watchedKey = "haywire.watched";
const codeFile = /\.(py|[mc]?[jt]sx?)$/;

interface WatchedPath {
  readonly path: string;
  readonly codePath?: string;
}

export interface LogWatcher {
  /** Watches a file or folder given by URI, or asks for one; opens the panel on its first run. */
  watch(target: unknown): Promise<void>;
  stop(runId: string): Promise<void>;
  /** Watches again what this workspace watched before. */
  restore(): Promise<void>;
}

export function createLogWatcher(
  context: vscode.ExtensionContext,
  client: Client,
  runs: TrackedRuns,
  panel: Panel,
): LogWatcher {
  const remembered = () => context.workspaceState.get<readonly WatchedPath[]>(watchedKey, []);
  const remember = (watched: readonly WatchedPath[]) => context.workspaceState.update(watchedKey, watched);

  return {
    watch: async (target) => {
      const uri = target instanceof vscode.Uri ? target : await askForLog(client);
      if (!uri) return;
      if (uri.scheme !== "file") {
        await vscode.window.showWarningMessage(`Haywire follows files on disk; it cannot read ${uri.toString(true)}.`);
        return;
      }
      const codePath = visibleScript();
      const watched: WatchedPath = codePath ? { path: uri.fsPath, codePath } : { path: uri.fsPath };
      try {
        const found = await request(client, "haywire/watch", watched);
        runs.add(found);
        await remember([...remembered().filter((other) => other.path !== watched.path), watched]);
        panel.open(mostUrgent(found)?.id ?? null);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        await vscode.window.showErrorMessage(`Haywire cannot watch ${uri.fsPath}: ${reason}`);
      }
    },
    stop: async (runId) => {
      const paths = runs.get(runId)?.paths ?? [];
      await request(client, "haywire/unwatch", { runId });
      runs.remove(runId);
      // A folder stays remembered while another run in it is watched.
      const others = runs.all().flatMap((run) => run.paths);
      const isStopped = (watched: WatchedPath) =>
        paths.some((log) => holds(watched.path, log)) && !others.some((log) => holds(watched.path, log));
      await remember(remembered().filter((watched) => !isStopped(watched)));
    },
    restore: async () => {
      for (const watched of remembered()) {
        try {
          runs.add(await request(client, "haywire/watch", watched));
        } catch {
          await remember(remembered().filter((other) => other.path !== watched.path));
        }
      }
    },
  };
}

/** Whether the log is this file or lies in this folder. */
function holds(watched: string, log: string): boolean {
  return log === watched || log.startsWith(watched + path.sep);
}

async function askForLog(client: Client): Promise<vscode.Uri | undefined> {
  const script = visibleScript();
  const places = script === null ? [] : await placesOf(client, script).catch(() => []);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const kind = await vscode.window.showQuickPick(
    [
      ...places.map(({ path: place, writer }) => ({
        label: `$(search) ${vscode.workspace.asRelativePath(place)}`,
        detail: `Where ${writer} in ${path.basename(script ?? "")} writes`,
        folder: false,
        place,
      })),
      { label: "$(file) A log file", detail: "JSON lines, CSV, or the text that a script prints", folder: false },
      {
        label: "$(folder) A folder",
        detail: "Each log in it becomes a run, also those that appear later",
        folder: true,
      },
    ],
    { placeHolder: "What to watch" },
  );
  if (!kind) return undefined;
  if ("place" in kind) return vscode.Uri.file(kind.place);
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: !kind.folder,
    canSelectFolders: kind.folder,
    openLabel: "Watch",
    title: "Watch log",
    ...(folder ? { defaultUri: folder } : {}),
  });
  return chosen?.[0];
}

/** The script in sight, which most likely writes the log; verdicts lead to its lines. */
function visibleScript(): string | null {
  const active = vscode.window.activeTextEditor;
  const editors = active ? [active, ...vscode.window.visibleTextEditors] : vscode.window.visibleTextEditors;
  const scripts = editors.map(({ document }) => document).filter((document) => document.uri.scheme === "file");
  return scripts.find((document) => codeFile.test(path.basename(document.fileName)))?.fileName ?? null;
}
