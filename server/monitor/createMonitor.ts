import { access, constants, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { LogStore } from "../logs/logStore.ts";
import { openMlflowServer } from "../logs/mlflowServer.ts";
import { text } from "../logs/text.ts";
import type { RangeRequest, RangeResult, TerminalOutputParams, WatchParams } from "../protocol.ts";
import { type FoundLog, findLogs } from "../runs/findLogs.ts";
import { openStore, storeRunId, storeRunName } from "../runs/openStore.ts";
import { rangeOf } from "../runs/rangeOf.ts";
import type { LinePattern } from "../text/linePattern.ts";
import { followStore, type StoreFollower } from "./followStore.ts";
import { type LiveRun, type LiveRunOptions, openLiveRun } from "./liveRun.ts";
import type { Monitor, MonitorOptions } from "./monitor.ts";
import { plainTerminalText } from "./terminalText.ts";

/** A path that the user asked to watch: a file, or a folder that is looked through again and again. */
interface WatchedPath {
  readonly params: WatchParams;
  readonly runIds: Set<string>;
  /** Runs whose log has several copies, of which the newest is followed: what the copies are of, with the run and the copy. */
  readonly copies: Map<string, { readonly runId: string; readonly path: string }>;
  /** Not before this time of `performance.now()`; never while a search is under way. */
  nextSearch: number;
}

/** A log of several runs or files, as its runs are shown. */
interface StorePlace {
  readonly path: string;
  readonly shown: string;
  readonly codePath: string | null;
  /** Takes the runs that are opened. */
  readonly runIds: Set<string>;
}

/** Milliseconds between two messages about one run; longer where many runs grow, so that all of them stay at 400 a second. */
const messageInterval = 50;
const messageIntervalPerRun = 2.5;

/** Milliseconds that a file system's times may be behind the clock: FAT keeps them in steps of 2 s. */
const clockTolerance = 2_000;

/** How many polls pass between two searches of a folder: listing costs more than a stat. */
const pollsPerSearch = 2;
/** A search that takes long is repeated after this many times as long, so that it takes a hundredth of the time. */
const restPerSearch = 100;
/** Milliseconds; a new run in a large folder is found within this. */
const longestSearchRest = 10_000;

/**
 * Follows logs and terminals. A run is `live` from its first record; `stalled` when nothing has come for five times its usual
 * interval; `failed` also when its log ends with a crash; `finished` when its command ended well or its log has
 * not grown for a minute and ten times its longest pause (at most an hour); `failed` when its command ended with a status
 * other than 0; `gone` when its file was removed. A log that grows again is live again.
 */
export function createMonitor(given: MonitorOptions): Monitor {
  const options: LiveRunOptions = {
    ...given,
    messageInterval: () => Math.max(messageInterval, messageIntervalPerRun * liveCount()),
  };
  const live = new Map<string, LiveRun & { readonly firstLook: Promise<void> }>();
  const terminals = new Map<string, ReturnType<typeof plainTerminalText>>();
  const watched = new Map<string, WatchedPath>();
  const stores = new Map<string, StoreFollower>();
  /** The user's own forms of lines by watched path. */
  const patternsOf = new Map<string, readonly LinePattern[]>();
  let serverFollower: StoreFollower | null = null;
  const unwatched = new Set<string>();
  const pollInterval = options.pollInterval ?? 500;

  /** Counted anew once a second: it is asked about at each message. */
  let counted = { at: 0, runs: 0 };
  function liveCount(): number {
    const now = Date.now();
    if (now - counted.at > 1000) {
      counted = { at: now, runs: [...live.values()].filter(({ reading }) => reading.run.state === "live").length };
    }
    return counted.runs;
  }

  function openFile(path: string, name: string, params: WatchParams, id = path): void {
    if (!live.has(id)) {
      const codePath = params.codePath ?? null;
      const patterns = patternsOf.get(params.path) ?? [];
      const run = openLiveRun({ id, name, path, codePath, patterns, followed: true }, options);
      live.set(id, run);
    }
  }

  /** The run that the log at hand is a newer copy of goes on from that copy. True when the log is a copy of a known run. */
  async function followCopy(entry: WatchedPath, log: FoundLog): Promise<boolean> {
    if (log.copiesOf === undefined) {
      return false;
    }
    const known = entry.copies.get(log.copiesOf);
    if (known === undefined) {
      entry.copies.set(log.copiesOf, { runId: log.path, path: log.path });
      return false;
    }
    if (known.path !== log.path && !unwatched.has(known.runId)) {
      entry.copies.set(log.copiesOf, { runId: known.runId, path: log.path });
      await live.get(known.runId)?.close();
      live.delete(known.runId);
      openFile(log.path, log.name, entry.params, known.runId);
    }
    return true;
  }

  /** The runs in a store are opened as they come. */
  function openStoreRuns(store: LogStore, place: StorePlace): StoreFollower {
    const { path } = place;
    return followStore(
      store,
      (read, formatName) => {
        const id = storeRunId(path, read.id);
        if (unwatched.has(id)) {
          return;
        }
        const name = storeRunName(place.shown, read.name, read.id);
        const { codePath } = place;
        const run = live.get(id) ?? openLiveRun({ id, name, path, codePath, followed: false }, options);
        live.set(id, run);
        place.runIds.add(id);
        run.pushFromStore(read, formatName);
      },
      pollInterval,
    );
  }

  async function openFoundStore({ path, name, store }: FoundLog, { params, runIds }: WatchedPath): Promise<void> {
    if (store === undefined || stores.has(path)) {
      return;
    }
    const shown = path === params.path ? (params.name ?? name) : name;
    const place = { path, shown, codePath: params.codePath ?? null, runIds };
    const follower = openStoreRuns(openStore(path, store), place);
    stores.set(path, follower);
    await follower.look();
  }

  async function search(entry: WatchedPath): Promise<void> {
    const { path } = entry.params;
    const status = await stat(path).catch(() => null);
    if (status === null && entry.params.writtenSince !== undefined) {
      return;
    }
    if (status === null && entry.runIds.size === 0) {
      // Nothing there yet: a waiting run under its name shows that it is watched.
      openFile(path, entry.params.name ?? basename(path), entry.params);
      entry.runIds.add(path);
      return;
    }
    if (status === null) {
      return;
    }
    if (status.isDirectory() && !stores.has(path) && entry.runIds.delete(path)) {
      await live.get(path)?.close();
      live.delete(path);
    }
    for (const log of await findLogs(path)) {
      if (!(await isWanted(log, entry))) {
        continue;
      }
      if (log.store !== undefined) {
        await openFoundStore(log, entry);
        continue;
      }
      if (await followCopy(entry, log)) {
        continue;
      }
      if (!entry.runIds.has(log.path) && !unwatched.has(log.path)) {
        const single = log.path === path;
        openFile(log.path, single ? (entry.params.name ?? log.name) : log.name, entry.params);
        entry.runIds.add(log.path);
      }
    }
  }

  /** A log from before the run that is watched is another run's, unless that one goes on. */
  async function isWanted(log: FoundLog, { params, runIds }: WatchedPath): Promise<boolean> {
    if (params.writtenSince === undefined || runIds.has(log.path) || stores.has(log.path)) {
      return true;
    }
    const written = await stat(log.path).catch(() => null);
    return written !== null && written.mtimeMs >= params.writtenSince - clockTolerance;
  }

  async function searchAgain(entry: WatchedPath, from: number): Promise<void> {
    entry.nextSearch = Number.POSITIVE_INFINITY;
    await search(entry).catch(() => undefined);
    const now = performance.now();
    entry.nextSearch = now + Math.min(longestSearchRest, restPerSearch * (now - from)) - pollInterval;
  }

  const timer = setInterval(() => {
    const now = performance.now();
    for (const entry of watched.values()) {
      if (now >= entry.nextSearch) {
        void searchAgain(entry, now);
      }
    }
  }, pollInterval * pollsPerSearch);
  timer.unref();

  return {
    async watch(params) {
      await assertReadable(params.path);
      patternsOf.set(params.path, (await options.patternsFor?.(params.path)) ?? []);
      const before = watched.get(params.path);
      const all = before !== undefined && before.params.writtenSince === undefined;
      const entry: WatchedPath = {
        params: all ? before.params : params,
        runIds: before?.runIds ?? new Set(),
        copies: before?.copies ?? new Map(),
        nextSearch: 0,
      };
      watched.set(params.path, entry);
      unwatched.delete(params.path);
      await search(entry);
      const runs = [...entry.runIds].flatMap((id) => live.get(id) ?? []);
      await Promise.all(runs.map((run) => run.firstLook));
      return runs.map((run) => run.view());
    },
    unwatch(runId) {
      const run = live.get(runId);
      live.delete(runId);
      terminals.delete(runId);
      unwatched.add(runId);
      watched.delete(runId);
      void run?.close();
    },
    followServer(params, onProblem) {
      serverFollower?.close();
      serverFollower = null;
      if (params.url !== "") {
        const place = { path: params.url, shown: params.url, codePath: null, runIds: new Set<string>() };
        serverFollower = openStoreRuns(openMlflowServer({ ...params, onProblem }), place);
        void serverFollower.look();
      }
    },
    terminalOutput(params) {
      takeTerminalOutput(params);
    },
    runs: () => [...live.values()].map((run) => run.view()),
    range: (request) => range(request),
    async close() {
      clearInterval(timer);
      serverFollower?.close();
      for (const follower of stores.values()) {
        follower.close();
      }
      watched.clear();
      await Promise.all([...live.values()].map((run) => run.close()));
      live.clear();
    },
  };

  function takeTerminalOutput(params: TerminalOutputParams): void {
    const { runId } = params;
    let run = live.get(runId);
    if (run === undefined) {
      run = openLiveRun(
        { id: runId, name: params.name, path: params.name, codePath: params.codePath, format: text, followed: false },
        options,
      );
      live.set(runId, run);
    }
    let plain = terminals.get(runId);
    if (plain === undefined) {
      plain = plainTerminalText();
      terminals.set(runId, plain);
    }
    const stripped = plain.push(params.text);
    if (stripped.length > 0) {
      run.push(Buffer.from(stripped, "utf8"));
    }
    if (params.ended === true) {
      run.end(params.exitCode ?? null);
      terminals.delete(runId);
    }
  }

  function range(request: RangeRequest): RangeResult {
    const run = live.get(request.runId)?.reading.run;
    const series = request.series.flatMap((name) => {
      const found = run?.series.get(name);
      return found === undefined ? [] : [rangeOf(found, request.from, request.to, request.columns)];
    });
    return { runId: request.runId, series };
  }
}

/** Throws for a path that exists and cannot be read, or that can never exist. */
async function assertReadable(path: string): Promise<void> {
  try {
    const status = await stat(path);
    if (!status.isFile() && !status.isDirectory()) {
      throw new Error(`${path} is neither a file nor a folder`);
    }
    await access(path, constants.R_OK);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
      throw error;
    }
  }
}
