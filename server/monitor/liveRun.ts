import { statSync } from "node:fs";
import { diagnose } from "../diagnosis/diagnose.ts";
import { type FileFollower, followFile } from "../logs/followFile.ts";
import type { LogFormat } from "../logs/logFormat.ts";
import type { StoreRun } from "../logs/logStore.ts";
import type { RunView, VerdictView } from "../protocol.ts";
import type { LinePattern } from "../text/linePattern.ts";
import { createCrashText } from "./crashText.ts";
import type { MonitorOptions } from "./monitor.ts";
import { createRunPace } from "./runPace.ts";
import { createRunReading, type Finding, type RunReading } from "./runReading.ts";
import { runView } from "./runView.ts";

/** A log that was last written this long before we looked at it is over. */
const oldLog = 60_000;
/** After an error that nothing has followed for this long, in ms, the run has crashed. */
const crashSettles = 5_000;

/** One run that is being followed. */
export interface LiveRun {
  readonly reading: RunReading;
  view(): RunView;
  /** Bytes that did not come from a file. */
  push(bytes: Uint8Array): void;
  /** What a store has read about this run since the last look. */
  pushFromStore(read: StoreRun, formatName: string): void;
  /** The source has ended for good: with an exit status other than 0 the run has failed. */
  end(exitCode: number | null): void;
  close(): Promise<void>;
}

export interface LiveRunOptions extends MonitorOptions {
  /** Milliseconds between two messages about one run. */
  readonly messageInterval: () => number;
}

export interface LiveRunParams {
  readonly id: string;
  readonly name: string;
  /** The file to follow, or what is shown in its place for a terminal. */
  readonly path: string;
  readonly codePath: string | null;
  readonly format?: LogFormat;
  /** The user's own forms of lines. */
  readonly patterns?: readonly LinePattern[];
  readonly followed: boolean;
}

/** Starts a run; for a followed file the promise resolves when what it holds by now has been read. */
export async function startLiveRun(params: LiveRunParams, options: LiveRunOptions): Promise<LiveRun> {
  const run = openLiveRun(params, options);
  await run.firstLook;
  return run;
}

/** As `startLiveRun`, at once. */
export function openLiveRun(
  params: LiveRunParams,
  options: LiveRunOptions,
): LiveRun & { readonly firstLook: Promise<void> } {
  let reading = newReading();
  let follower: FileFollower | null = null;
  let views: VerdictView[] = [];
  let told = 0;
  const announced = new Set<string>();
  const pending = new Set<Promise<void>>();
  let startedAt: number | null = null;
  let updatedAt: number | null = null;
  let pace = createRunPace();
  const crash = createCrashText();
  const settings = new Map<string, string>();
  let stateReason: string | null = null;
  let lastSent = 0;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function newReading(): RunReading {
    return createRunReading(
      params.id,
      params.name,
      params.path,
      params.format === undefined ? { patterns: params.patterns ?? [] } : { format: params.format },
    );
  }

  function push(bytes: Uint8Array): void {
    const before = recordCount();
    take(() => reading.push(bytes));
    if (recordCount() > before) {
      crash.clear();
    }
    crash.push(bytes);
  }

  function recordCount(): number {
    return reading.run.sources[0]?.records ?? 0;
  }

  function pushFromStore(read: StoreRun, formatName: string): void {
    for (const [name, value] of read.settings) {
      settings.set(name, value);
    }
    take(() => reading.pushRecords(read.records, formatName, read.skipped));
    const ended = read.state === "finished" || read.state === "failed" ? read.state : null;
    if (ended !== null && reading.run.state === "live") {
      finish(ended);
    }
  }

  function take(read: () => void): void {
    const before = recordCount();
    read();
    const now = Date.now();
    if (recordCount() > before) {
      pace.note(performance.now());
      startedAt ??= now;
      updatedAt = now;
      reading.run.state = "live";
      stateReason = null;
    }
    const status = reading.exitStatus();
    if (status !== null && reading.run.state === "live") {
      finish(status === 0 ? "finished" : "failed");
      return;
    }
    tellVerdicts();
    changed();
  }

  function tellVerdicts(): void {
    const fresh = reading.findings.slice(told);
    told = reading.findings.length;
    for (const finding of fresh) {
      const view = diagnose(finding.verdict, finding.seen, reading.run, null);
      if (!views.some(({ id }) => id === view.id)) {
        views.push(view);
      }
      const announcement = announce(finding, view).finally(() => pending.delete(announcement));
      pending.add(announcement);
    }
  }

  /** A verdict is announced once, with its place in the code where the script can be read. */
  async function announce({ verdict, seen }: Finding, plain: VerdictView): Promise<void> {
    if (announced.has(plain.id)) {
      return;
    }
    announced.add(plain.id);
    const script = params.codePath === null ? null : await options.factsOf(params.codePath).catch(() => null);
    const view = script === null ? plain : diagnose(verdict, seen, reading.run, script);
    views = views.map((known) => (known.id === view.id ? view : known));
    options.onVerdict(currentView(), view);
    changed();
  }

  function changed(): void {
    if (timer !== null || closed) {
      return;
    }
    const wait = Math.max(0, lastSent + options.messageInterval() - Date.now());
    timer = setTimeout(() => {
      timer = null;
      lastSent = Date.now();
      options.onRunChanged(currentView());
    }, wait);
  }

  function currentView(): RunView {
    return runView(reading, { verdicts: views, startedAt, updatedAt, stateReason, settings });
  }

  /** Reads the whole file anew: verdicts that are reached again keep their identity and are not announced twice. */
  function startOver(): void {
    pace = createRunPace();
    reading = newReading();
    views = [];
    told = 0;
  }

  function settleIdle(): void {
    if ((reading.run.state !== "live" && reading.run.state !== "stalled") || updatedAt === null) {
      return;
    }
    const now = performance.now();
    const reason = pace.silence(now) > crashSettles ? crash.reason() : null;
    if (reason !== null) {
      stateReason = reason;
      finish("failed");
    } else if (pace.isOver(now)) {
      stateReason = null;
      finish("finished");
    } else if (pace.isStalled(now) && reading.run.state === "live") {
      reading.run.state = "stalled";
      stateReason = `no record for ${seconds(pace.silence(now))}, usually one in ${seconds(pace.usual())}`;
      changed();
    }
  }

  function finish(state: "finished" | "failed"): void {
    reading.finish();
    reading.run.state = state;
    tellVerdicts();
    changed();
  }

  /** A log last written long before we looked is finished already. */
  function finishOld(): void {
    const modified = statSync(params.path, { throwIfNoEntry: false })?.mtimeMs;
    if (modified !== undefined && Date.now() - modified > oldLog && reading.run.state === "live") {
      stateReason = crash.reason();
      finish(stateReason === null ? "finished" : "failed");
    }
  }

  let firstLook: Promise<void> = Promise.resolve();
  if (params.followed) {
    follower = followFile(
      params.path,
      {
        onBytes: push,
        onChange(change, keptBytes) {
          if (change === "rewritten") {
            startOver();
          } else if (change === "restarted" || change === "cut") {
            reading.beginAgain();
          } else if (change === "rewound") {
            reading.rewind(keptBytes);
          } else if (change === "gone") {
            reading.run.state = "gone";
          } else if (reading.run.state === "gone") {
            reading.run.state = (reading.run.sources[0]?.records ?? 0) > 0 ? "live" : "waiting";
          }
          changed();
        },
      },
      options.pollInterval === undefined ? {} : { pollInterval: options.pollInterval },
    );
    firstLook = follower.look().then(finishOld);
  }
  const idleTimer = setInterval(settleIdle, 5000);
  idleTimer.unref();

  return {
    get reading() {
      return reading;
    },
    firstLook,
    view: currentView,
    push,
    pushFromStore,
    end(exitCode) {
      stateReason = exitCode === null || exitCode === 0 ? null : (crash.reason() ?? `exit status ${exitCode}`);
      finish(exitCode === null || exitCode === 0 ? "finished" : "failed");
    },
    async close() {
      clearInterval(idleTimer);
      await follower?.close();
      await Promise.all(pending);
      closed = true;
      clearTimeout(timer ?? undefined);
    },
  };
}

function seconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  return value >= 120
    ? `${Math.round(value / 60)} min`
    : `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} s`;
}
