/** Follows the logs that a script writes by itself, where its code says so: those of the run that has just begun. */
import * as vscode from "vscode";
import { type Client, request } from "./client.ts";
import type { TrackedRuns } from "./trackedRuns.ts";

export interface LoggingProgram {
  readonly codePath: string | null;
  readonly workingFolder: string | null;
  readonly command: readonly string[];
  readonly outputFile: string | null;
}

/** @param startedAt when the program was started, in ms since 1970; older logs in the same folders are other runs' */
export async function watchScriptLogs(
  client: Client,
  runs: TrackedRuns,
  { codePath, workingFolder, command, outputFile }: LoggingProgram,
  startedAt: number,
): Promise<void> {
  if (outputFile !== null) {
    runs.add(await request(client, "haywire/watch", { path: outputFile, ...(codePath === null ? {} : { codePath }) }));
  }
  if (codePath === null || workingFolder === null) return;
  const { places } = await request(client, "haywire/scriptLogs", { path: codePath, workingFolder, command });
  for (const { path } of places) {
    try {
      runs.add(await request(client, "haywire/watch", { path, codePath, writtenSince: startedAt }));
    } catch {
      // A place that can never be read is none.
    }
  }
}

/** The places where the script in sight logs, to choose from in *Watch Log…*. */
export async function placesOf(client: Client, script: string): Promise<readonly { path: string; writer: string }[]> {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(script))?.uri.fsPath;
  const workingFolder = folder ?? vscode.Uri.joinPath(vscode.Uri.file(script), "..").fsPath;
  const { places } = await request(client, "haywire/scriptLogs", { path: script, workingFolder, command: [] });
  return places;
}
