/** What became of the runs that were followed in this workspace: JSON lines in the editor's own storage, bounded. */
import * as vscode from "vscode";
import type { RunView } from "../server/protocol.ts";
import { bounded, historyLine } from "./historyLines.ts";
import type { TrackedRuns } from "./trackedRuns.ts";

export interface RunHistory extends vscode.Disposable {
  clear(): Promise<void>;
}

export function keepRunHistory(context: vscode.ExtensionContext, runs: TrackedRuns): RunHistory {
  const folder = context.storageUri;
  const file = folder && vscode.Uri.joinPath(folder, "runs.jsonl");
  /** The state in which each run was last written down. */
  const written = new Map<string, string>();
  let work: Promise<void> = Promise.resolve();

  const note = (run: RunView) => {
    if (file === undefined || folder === undefined || (run.state !== "finished" && run.state !== "failed")) return;
    const key = `${run.state} ${run.updatedAt} ${run.verdicts.length}`;
    if (run.updatedAt === null || written.get(run.id) === key) return;
    written.set(run.id, key);
    work = work
      .then(async () => {
        await vscode.workspace.fs.createDirectory(folder);
        const before = new TextDecoder().decode(await read(file));
        await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(bounded(before, historyLine(run))));
      })
      .catch(() => undefined);
  };
  const listeners = [
    runs.onChange(note),
    runs.onListChange(() => runs.all().forEach(note)),
    runs.onVerdict(({ run }) => note(run)),
  ];
  return {
    clear: async () => {
      await work;
      if (file !== undefined && (await read(file)).length > 0) await vscode.workspace.fs.delete(file);
      await vscode.window.showInformationMessage("The history of runs in this workspace is empty now.");
    },
    dispose: () => vscode.Disposable.from(...listeners).dispose(),
  };
}

async function read(file: vscode.Uri): Promise<Uint8Array> {
  try {
    return await vscode.workspace.fs.readFile(file);
  } catch {
    return new Uint8Array();
  }
}
