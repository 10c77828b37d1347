/** Training that is started by hand in a terminal with shell integration: its output is offered to be followed. */
import path from "node:path";
import * as vscode from "vscode";
import type { FollowOffers } from "./followOffers.ts";
import { withoutShellMarks } from "./shellMarks.ts";
import { typedCommand } from "./trainingCommand.ts";

/** @param isOwn tells executions that *Run and Watch* has started, which are followed already */
export function watchTerminals(
  offers: FollowOffers,
  isOwn: (execution: vscode.TerminalShellExecution) => boolean,
): vscode.Disposable {
  // Only there from VS Code 1.93 on, and not in every editor that is built from it.
  if (typeof vscode.window.onDidStartTerminalShellExecution !== "function") return new vscode.Disposable(() => {});
  const ends = new Map<vscode.TerminalShellExecution, (exitCode: number | null) => void>();

  const follow = async ({ execution, terminal }: vscode.TerminalShellExecutionStartEvent) => {
    const typed = isOwn(execution) ? null : typedCommand(execution.commandLine.value);
    if (typed === null) return;
    // Before anything is waited for: the stream begins with its first reader.
    const stream = execution.read();
    const exited = new Promise<number | null>((resolve) => ends.set(execution, resolve));
    const shellFolder = execution.cwd?.scheme === "file" ? execution.cwd.fsPath : folderOf(terminal);
    const workingFolder = shellFolder === null ? null : path.resolve(shellFolder, typed.folder ?? ".");
    const inFolder = (file: string | null) =>
      file === null || workingFolder === null ? null : path.resolve(workingFolder, file);
    const sink = offers.begin({
      runId: `terminal:${typed.name}:${Date.now()}`,
      name: typed.name,
      codePath: inFolder(typed.script),
      workingFolder,
      command: typed.argv,
      outputFile: inFolder(typed.outputFile),
    });
    for await (const data of stream) {
      const text = withoutShellMarks(data);
      if (text) sink.text(text);
    }
    sink.ended(await exited);
  };
  return vscode.Disposable.from(
    vscode.window.onDidStartTerminalShellExecution((event) => void follow(event)),
    vscode.window.onDidEndTerminalShellExecution(({ execution, exitCode }) => {
      ends.get(execution)?.(exitCode ?? null);
      ends.delete(execution);
    }),
  );
}

function folderOf(terminal: vscode.Terminal): string | null {
  const cwd = terminal.shellIntegration?.cwd;
  if (cwd?.scheme === "file") return cwd.fsPath;
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? null;
}
