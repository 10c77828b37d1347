/**
 * *Run and Watch*: runs the script in the integrated terminal and hands its output to the server.
 *
 * A terminal with shell integration is used where the shell offers it within a few seconds: the script then has a real
 * terminal (progress bars, colours, Ctrl+C) and the shell stays for the next run. Any other shell (none found,
 * integration turned off, a shell whose quoting is not known) is left alone and the script runs in a terminal of our
 * own, through pipes. Sending text with `| tee` was ruled out: it needs tee, loses the exit status, and the program
 * would no longer have a terminal.
 */
import path from "node:path";
import * as vscode from "vscode";
import { type Client, notify } from "./client.ts";
import { commandLine } from "./commandLine.ts";
import type { Panel } from "./panel.ts";
import { type OutputSink, openPipedTerminal } from "./pipedTerminal.ts";
import { pythonInterpreter } from "./pythonInterpreter.ts";
import { nodeCommand, pythonCommand, type ScriptCommand, scriptLanguage } from "./scriptCommand.ts";
import { withoutShellMarks } from "./shellMarks.ts";
import type { TrackedRuns } from "./trackedRuns.ts";
import { watchScriptLogs } from "./watchScriptLogs.ts";

/** Shell integration was seen 0.2 to 3 s after the terminal opens; slow start-up files take longer. */
const shellIntegrationTimeout = 6000;

export interface RunAndWatchContext {
  readonly client: Client;
  readonly panel: Panel;
  readonly runs: TrackedRuns;
  /** What is started here is remembered, so that it is not offered to be followed as well. */
  readonly ownExecutions: WeakSet<vscode.TerminalShellExecution>;
}

/** Runs `target` (a file's URI, as menus give it, or its text, as code lenses do) or the script in the active editor. */
export async function runAndWatch(
  target: unknown,
  { client, panel, runs, ownExecutions }: RunAndWatchContext,
): Promise<void> {
  const given = typeof target === "string" ? vscode.Uri.parse(target) : target;
  const script = given instanceof vscode.Uri ? given : vscode.window.activeTextEditor?.document.uri;
  if (script?.scheme !== "file" || !scriptLanguage(script.fsPath)) {
    await vscode.window.showInformationMessage("Open a Python, JavaScript or TypeScript file to run and watch it.");
    return;
  }
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === script.toString());
  if (document?.isDirty && !(await document.save())) return;

  const name = path.basename(script.fsPath);
  const cwd = vscode.workspace.getWorkspaceFolder(script)?.uri.fsPath ?? path.dirname(script.fsPath);
  const command = await commandFor(script);
  const runId = `terminal:${script.fsPath}:${Date.now()}`;
  const send = (text: string, end: { exitCode?: number | null; ended?: boolean; command?: readonly string[] } = {}) =>
    void notify(client, "haywire/terminalOutput", { runId, name, codePath: script.fsPath, text, ...end });
  const sink: OutputSink = {
    text: (text) => send(text),
    ended: (exitCode) => send("", { exitCode, ended: true }),
  };

  send("", { command: command.argv });
  panel.open(runId);
  const logging = { codePath: script.fsPath, workingFolder: cwd, command: command.argv, outputFile: null };
  void watchScriptLogs(client, runs, logging, Date.now()).catch(() => undefined);
  if (!(await runInShell(name, command, cwd, sink, ownExecutions)))
    openPipedTerminal(name, command, cwd, sink).show(true);
}

async function commandFor(script: vscode.Uri): Promise<ScriptCommand> {
  if (scriptLanguage(script.fsPath) !== "python") return nodeCommand(script.fsPath);
  return pythonCommand(await pythonInterpreter(script), script.fsPath);
}

/** False when the shell cannot be used: then nothing was sent to it. */
async function runInShell(
  name: string,
  command: ScriptCommand,
  cwd: string,
  sink: OutputSink,
  ownExecutions: WeakSet<vscode.TerminalShellExecution>,
): Promise<boolean> {
  const terminal = vscode.window.createTerminal({
    name,
    cwd,
    env: { ...command.env },
    iconPath: new vscode.ThemeIcon("pulse"),
  });
  terminal.show(true);
  const integration = await shellIntegrationOf(terminal);
  const line = integration && commandLine(command.argv, terminal.state.shell ?? vscode.env.shell);
  if (!line) {
    terminal.dispose();
    return false;
  }
  const execution = integration.executeCommand(line);
  ownExecutions.add(execution);
  const exited = exitOf(terminal, execution);
  for await (const data of execution.read()) {
    const text = withoutShellMarks(data);
    if (text) sink.text(text);
  }
  sink.ended(await exited);
  return true;
}

function shellIntegrationOf(terminal: vscode.Terminal): Promise<vscode.TerminalShellIntegration | null> {
  if (terminal.shellIntegration) return Promise.resolve(terminal.shellIntegration);
  return new Promise((resolve) => {
    const settle = (integration: vscode.TerminalShellIntegration | null) => {
      clearTimeout(timer);
      listeners.dispose();
      resolve(integration);
    };
    const timer = setTimeout(() => settle(null), shellIntegrationTimeout);
    const listeners = vscode.Disposable.from(
      vscode.window.onDidChangeTerminalShellIntegration((event) => {
        if (event.terminal === terminal) settle(event.shellIntegration);
      }),
      vscode.window.onDidCloseTerminal((closed) => {
        if (closed === terminal) settle(null);
      }),
    );
  });
}

/** The exit status; null when the terminal was closed or the shell did not tell. */
function exitOf(terminal: vscode.Terminal, execution: vscode.TerminalShellExecution): Promise<number | null> {
  return new Promise((resolve) => {
    const settle = (code: number | null) => {
      listeners.dispose();
      resolve(code);
    };
    const listeners = vscode.Disposable.from(
      vscode.window.onDidEndTerminalShellExecution((event) => {
        if (event.execution === execution) settle(event.exitCode ?? null);
      }),
      vscode.window.onDidCloseTerminal((closed) => {
        if (closed === terminal) settle(null);
      }),
    );
  });
}
