import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { logPatternsFor } from "../config/logPatterns.ts";
import { verdictKinds } from "../detectors/verdict.ts";
import { createLinter } from "../lint/linter.ts";
import { createParsers } from "../lint/loadParsers.ts";
import { createMonitor } from "../monitor/createMonitor.ts";
import type { RunView, VerdictView } from "../protocol.ts";
import { recordSnapshot } from "../snapshots/recordSnapshot.ts";
import { runChild } from "./childProcess.ts";
import { createFactsReader } from "./codeFacts.ts";
import { type Command, type CommandIo, exitClean, exitFindings, exitStopped, say, UsageError } from "./io.ts";
import { oneOf, readOptions } from "./options.ts";
import { liveStatus } from "./statusLine.ts";
import { verdictText } from "./verdictText.ts";

export const watchCommand: Command = {
  name: "watch",
  summary: "Follows logs, or runs a command and follows its output; says what goes wrong when it does.",
  usage: `Usage: haywire watch [OPTIONS] LOG…
       haywire watch [OPTIONS] -- CMD…

Follows log files or folders as they grow, until Ctrl-C; exit status 1 when something went wrong.
With -- it runs CMD: its output, signals and exit status pass through unchanged, verdicts go to standard error.
What the script of CMD sets is kept in .haywire/runs of its repository, for \`haywire changes --since last\`.
CMD sees PYTHONUNBUFFERED=1 unless that is set, so that lines arrive as they are printed.

  --code FILE      the script that trains, for leading a verdict to its line (found by itself in CMD)
  --stop-on KINDS  end at a verdict of one of these kinds, such as non-finite,loss-growth, with exit status 3;
                   CMD gets SIGINT, so that it can save what it has, and SIGTERM 30 s later`,
  async run(argv, io) {
    const dashes = argv.indexOf("--");
    const own = dashes < 0 ? argv : argv.slice(0, dashes);
    const { values, positionals } = readOptions(own, {
      options: { code: { type: "string" }, "stop-on": { type: "string", multiple: true, default: noKinds } },
    });
    const code = values.code === undefined ? null : existingFile(io, values.code);
    const stopOn = kindsNamed(values["stop-on"]);
    if (dashes < 0) {
      if (positionals.length === 0) throw new UsageError("Name a log to watch, or a command after --.");
      return watchLogs(positionals, { code, stopOn }, io);
    }
    if (positionals.length > 0) throw new UsageError("Name logs to watch or a command after --, not both.");
    return watchChild(argv.slice(dashes + 1), { code, stopOn }, io);
  },
};

const noKinds: string[] = [];

interface WatchOptions {
  readonly code: string | null;
  readonly stopOn: ReadonlySet<string>;
}

/** The kinds of `--stop-on`, separated by commas or given again. */
function kindsNamed(given: readonly string[]): ReadonlySet<string> {
  const names = given.flatMap((each) => each.split(",")).map((name) => name.trim());
  return new Set(names.map((name) => oneOf("--stop-on", name, verdictKinds)));
}

async function watchLogs(logs: readonly string[], { code, stopOn }: WatchOptions, io: CommandIo): Promise<number> {
  const status = liveStatus(io);
  let worst = exitClean;
  const facts = createFactsReader();
  // Ctrl-C counts from the first verdict on, which may be told while logs are still being opened.
  const asked = new AbortController();
  const isStopped = stopped(io, asked.signal);
  const monitor = createMonitor({
    patternsFor: logPatternsFor,
    onRunChanged: (run) => status.show(run),
    onVerdict: (run, verdict) => {
      if (verdict.severity !== "info" && worst === exitClean) worst = exitFindings;
      status.clear();
      io.stdout.write(verdictText(run, verdict, io.cwd));
      if (!stopOn.has(verdict.kind)) return;
      worst = exitStopped;
      asked.abort();
    },
    factsOf: facts.factsOf,
  });
  try {
    for (const log of logs) {
      const absolute = path.resolve(io.cwd, log);
      const params = { path: absolute, ...(code ? { codePath: code } : {}) };
      const runs = await monitor.watch(params).catch((error: unknown) => {
        throw new UsageError(`Cannot watch ${log}: ${error instanceof Error ? error.message : String(error)}.`);
      });
      if (runs.every((run) => run.state === "waiting")) say(io.stderr, `haywire: waiting for ${log}`);
    }
    await isStopped;
    await facts.settled();
  } finally {
    await monitor.close();
    status.clear();
  }
  return worst;
}

async function watchChild(command: readonly string[], { code, stopOn }: WatchOptions, io: CommandIo): Promise<number> {
  const runId = "child";
  const codePath = code ?? scriptAmong(command, io);
  const name = path.basename(codePath ?? command[0] ?? "");
  const told = { runId, name, codePath };
  const facts = createFactsReader();
  const asked = new AbortController();
  const monitor = createMonitor({
    onRunChanged: () => undefined,
    onVerdict: (run: RunView, verdict: VerdictView) => {
      io.stderr.write(verdictText(run, verdict, io.cwd));
      if (!stopOn.has(verdict.kind) || asked.signal.aborted) return;
      say(io.stderr, `haywire: ${verdict.kind} ends the run, as --stop-on asks.`);
      asked.abort();
    },
    factsOf: facts.factsOf,
  });
  const startedAt = new Date();
  const recording = codePath === null ? null : recordRun(codePath, command, startedAt, io);
  try {
    const status = await runChild(
      command,
      io,
      (text) => monitor.terminalOutput({ ...told, text }),
      stopOn.size > 0 ? asked.signal : undefined,
    );
    monitor.terminalOutput({ ...told, text: "", ended: true, exitCode: status });
    await Promise.all([facts.settled(), recording]);
    return asked.signal.aborted ? exitStopped : status;
  } finally {
    await monitor.close();
  }
}

/** Keeps what the run was started with; a run is not held up or lost for that. */
async function recordRun(script: string, command: readonly string[], startedAt: Date, io: CommandIo): Promise<void> {
  await recordSnapshot(createLinter(createParsers()), { script, command, startedAt }).catch((error: unknown) =>
    say(
      io.stderr,
      `haywire: the run's settings were not kept: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
}

/** Resolves at Ctrl-C, SIGTERM, the caller's word or a verdict that ends the watch. */
function stopped(io: CommandIo, asked: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    if (io.stop?.aborted) stop();
    io.stop?.addEventListener("abort", stop);
    asked.addEventListener("abort", stop);
  });
}

function existingFile(io: CommandIo, name: string): string {
  const file = path.resolve(io.cwd, name);
  if (!existsSync(file)) throw new UsageError(`There is no file ${name}.`);
  return file;
}

/** The first word of a command that is a script on disk. */
function scriptAmong(command: readonly string[], io: CommandIo): string | null {
  const script = command.find((word) => /\.(py|ts|js|mjs)$/.test(word) && existsSync(path.resolve(io.cwd, word)));
  return script === undefined ? null : path.resolve(io.cwd, script);
}
