import type { Connection } from "vscode-languageserver";
import { ruleMarkdown } from "../lint/ruleDocuments.ts";
import { createMonitor } from "../monitor/createMonitor.ts";
import type { Monitor, MonitorOptions } from "../monitor/monitor.ts";
import { readsAsTraining } from "../monitor/readsAsTraining.ts";
import { scriptLogs } from "../monitor/scriptLogs.ts";
import type { ClientNotifications, Requests, RunView, ServerNotifications } from "../protocol.ts";
import { readableDocument } from "../rules/ruleDocument.ts";
import type { PlacedVerdict } from "./diagnostics.ts";
import { quietly } from "./quietly.ts";

/** Runs that the client watches, as the rest of the server sees them. */
export interface WatchedRuns {
  /** Verdicts that lead to a place in code, of the runs that are known. */
  placedVerdicts(): readonly PlacedVerdict[];
  /** The newest run whose script this is, null where none was watched. */
  lastRunOf(codePath: string): RunView | null;
  close(): Promise<void>;
}

export interface RunEvents {
  readonly factsOf: MonitorOptions["factsOf"];
  readonly patternsFor: NonNullable<MonitorOptions["patternsFor"]>;
  /** The client has started a script. */
  readonly onStarted: (codePath: string, command: readonly string[]) => void;
  /** Places that verdicts lead to have come or gone. */
  readonly onPlacesChanged: () => void;
  /** A run was begun, has ended, or has a new verdict. */
  readonly onStateChanged: () => void;
}

/** Answers the `haywire/…` requests from a monitor, which is made at the first of them. */
export function serveRuns(connection: Connection, events: RunEvents): WatchedRuns {
  let made: Monitor | null = null;
  /** Scripts by run. */
  const codePaths = new Map<string, string>();
  const states = new Map<string, string>();

  const noteState = (run: RunView) => {
    const state = `${run.state} ${run.verdicts.length}`;
    if (states.get(run.id) === state) return;
    states.set(run.id, state);
    events.onStateChanged();
  };
  const monitor = (): Monitor => {
    made ??= createMonitor({
      factsOf: events.factsOf,
      patternsFor: events.patternsFor,
      onRunChanged: (run) => {
        notify(connection, "haywire/runChanged", run);
        noteState(run);
      },
      onVerdict: (run, verdict) => {
        notify(connection, "haywire/verdict", { run, verdict });
        noteState(run);
        if (verdict.code) events.onPlacesChanged();
      },
    });
    return made;
  };

  onRequest(connection, "haywire/watch", async (params) => {
    const runs = await monitor().watch(params);
    for (const run of runs) if (params.codePath !== undefined) codePaths.set(run.id, params.codePath);
    runs.forEach(noteState);
    return runs;
  });
  onRequest(connection, "haywire/unwatch", ({ runId }) => {
    monitor().unwatch(runId);
    codePaths.delete(runId);
    states.delete(runId);
    events.onPlacesChanged();
    events.onStateChanged();
    return null;
  });
  onRequest(connection, "haywire/runs", () => made?.runs() ?? []);
  onRequest(connection, "haywire/range", (params) => monitor().range(params));
  onRequest(connection, "haywire/mlflow", (params) => {
    if (made !== null || params.url !== "") {
      monitor().followServer(params, (problem) => notify(connection, "haywire/mlflowProblem", { problem }));
    }
    return null;
  });
  onRequest(connection, "haywire/scriptLogs", async ({ path, workingFolder, command }) => {
    const script = await events.factsOf(path);
    return script === null ? { trains: false, places: [] } : scriptLogs(script.facts, workingFolder, command);
  });
  onRequest(connection, "haywire/readsAsTraining", ({ output }) => readsAsTraining(output));
  onRequest(connection, "haywire/rule", async ({ name }) => {
    const markdown = await ruleMarkdown(name);
    return markdown === null ? null : readableDocument(markdown);
  });
  onNotification(connection, "haywire/terminalOutput", (params) => {
    if (params.codePath !== null) {
      if (params.command !== undefined) events.onStarted(params.codePath, params.command);
      codePaths.set(params.runId, params.codePath);
    }
    monitor().terminalOutput(params);
  });

  return {
    placedVerdicts: () => placedVerdicts(made?.runs() ?? []),
    lastRunOf: (path) => made?.runs().findLast((run) => codePaths.get(run.id) === path) ?? null,
    close: async () => made?.close(),
  };
}

function placedVerdicts(runs: readonly RunView[]): PlacedVerdict[] {
  return runs.flatMap((run) =>
    run.verdicts.flatMap((verdict) => (verdict.code ? [{ run, verdict, place: verdict.code }] : [])),
  );
}

function notify<M extends keyof ServerNotifications>(
  connection: Connection,
  method: M,
  params: ServerNotifications[M],
): void {
  quietly(() => connection.sendNotification(method, params));
}

function onRequest<M extends keyof Requests>(
  connection: Connection,
  method: M,
  handler: (params: Requests[M]["params"]) => Requests[M]["result"] | Promise<Requests[M]["result"]>,
): void {
  connection.onRequest(method, async (params: Requests[M]["params"]) => handler(params));
}

function onNotification<M extends keyof ClientNotifications>(
  connection: Connection,
  method: M,
  handler: (params: ClientNotifications[M]) => void,
): void {
  connection.onNotification(method, (params: ClientNotifications[M]) => handler(params));
}
