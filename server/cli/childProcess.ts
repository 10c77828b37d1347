import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { Readable } from "node:stream";
import { type CommandIo, UsageError } from "./io.ts";

/** Signals that end a run or tell it something; Slurm announces a preemption by SIGUSR1 or SIGTERM. */
const forwarded: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/** How long a child that was asked to stop may take to save what it has, before it is told to end. */
const graceMs = 30_000;

/**
 * Runs a command with its output and signals passed through as they are, and tells its output in whole lines. Resolves to
 * its exit status, 128 + the signal's number when a signal ended it, as shells give it. Rejects with `UsageError` when it
 * cannot be started. When `stop` is aborted the child gets SIGINT, as from Ctrl-C, and SIGTERM after a grace of 30 s.
 */
export async function runChild(
  command: readonly string[],
  io: CommandIo,
  onLines: (text: string) => void,
  stop?: AbortSignal,
): Promise<number> {
  const [file, ...args] = command;
  if (file === undefined) throw new UsageError("`haywire watch --` needs a command to run.");
  const ownStdin = io.stdin === process.stdin;
  const child = spawn(file, args, {
    cwd: io.cwd,
    // Python writes to a pipe in blocks of 8 KiB: lines would come minutes late.
    env: { PYTHONUNBUFFERED: "1", ...io.env },
    stdio: [ownStdin ? "inherit" : "pipe", "pipe", "pipe"],
  });
  if (child.stdin) {
    child.stdin.on("error", () => undefined);
    io.stdin.pipe(child.stdin);
  }
  for (const [output, own] of [
    [child.stdout, io.stdout],
    [child.stderr, io.stderr],
  ] as const) {
    if (!output) continue;
    output.pipe(own, { end: false });
    readLines(output, onLines);
  }
  const stopForwarding = forwardSignals(child, ownStdin && process.stdin.isTTY === true);
  const stopListening = stopWhenAborted(child, stop);
  try {
    return await exitStatus(child, file);
  } finally {
    stopForwarding();
    stopListening();
  }
}

/** Python turns SIGINT into KeyboardInterrupt, which training code knows from Ctrl-C: it may save a checkpoint. */
function stopWhenAborted(child: ChildProcess, stop: AbortSignal | undefined): () => void {
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill("SIGINT");
    timer = setTimeout(() => child.kill("SIGTERM"), graceMs);
  };
  if (stop?.aborted) end();
  stop?.addEventListener("abort", end, { once: true });
  return () => {
    stop?.removeEventListener("abort", end);
    clearTimeout(timer);
  };
}

/** Tells text up to the last line end, so that lines of two streams never mix. */
function readLines(stream: Readable, onLines: (text: string) => void): void {
  const decoder = new TextDecoder();
  let tail = "";
  const tell = (text: string, ended: boolean) => {
    const whole = ended ? text.length : Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
    if (whole > 0) onLines(text.slice(0, whole));
    tail = text.slice(whole);
  };
  stream.on("data", (chunk: Buffer) => tell(tail + decoder.decode(chunk, { stream: true }), false));
  stream.on("end", () => {
    const rest = tail + decoder.decode();
    tell(rest === "" || rest.endsWith("\n") ? rest : `${rest}\n`, true);
  });
}

function forwardSignals(child: ChildProcess, terminalSendsInterrupts: boolean): () => void {
  const handlers = forwarded.map((signal) => {
    // A terminal's Ctrl-C and Ctrl-\ reach the whole process group by themselves.
    const skip = terminalSendsInterrupts && (signal === "SIGINT" || signal === "SIGQUIT");
    const handler = () => void (skip || child.kill(signal));
    process.on(signal, handler);
    return { signal, handler };
  });
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}

function exitStatus(child: ChildProcess, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "no such program" : error.message;
      reject(new UsageError(`Cannot run ${file}: ${reason}.`));
    });
    child.on("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
