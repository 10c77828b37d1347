/**
 * A terminal of our own for shells without shell integration: the script runs as a child whose output comes through
 * pipes, is shown as it arrives, and is handed on byte for byte. Ctrl+C interrupts it; typed lines reach its input.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import * as vscode from "vscode";
import type { ScriptCommand } from "./scriptCommand.ts";

export interface OutputSink {
  text(text: string): void;
  /** `exitCode` is null when the program was ended by a signal or never began. */
  ended(exitCode: number | null): void;
}

const interrupt = "\x03";

export function openPipedTerminal(
  name: string,
  command: ScriptCommand,
  cwd: string,
  sink: OutputSink,
): vscode.Terminal {
  const written = new vscode.EventEmitter<string>();
  let child: ChildProcess | null = null;
  let done = false;
  const show = (text: string) => written.fire(text.replace(/\r?\n/g, "\r\n"));
  const end = (exitCode: number | null, message: string) => {
    if (done) return;
    done = true;
    show(`\n${message}\n`);
    sink.ended(exitCode);
  };
  const pty: vscode.Pseudoterminal = {
    onDidWrite: written.event,
    open: () => {
      const [program, ...args] = command.argv;
      show(`${command.argv.join(" ")}\n`);
      child = spawn(program, args, { cwd, env: { ...process.env, ...command.env }, stdio: "pipe" });
      for (const stream of [child.stdout, child.stderr]) {
        const decoder = new StringDecoder("utf8");
        stream?.on("data", (bytes: Buffer) => {
          const text = decoder.write(bytes);
          show(text);
          sink.text(text);
        });
      }
      child.on("error", (error) => end(null, `${program} could not be started: ${error.message}`));
      child.on("close", (code, signal) => end(code, signal ? `Ended by ${signal}.` : `Exit status ${code}.`));
    },
    close: () => {
      child?.kill();
      end(null, "");
    },
    handleInput: (data) => {
      if (data === interrupt) child?.kill("SIGINT");
      else {
        show(data.replace(/\r/g, "\n"));
        child?.stdin?.write(data.replace(/\r/g, "\n"));
      }
    },
  };
  return vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon("pulse") });
}
