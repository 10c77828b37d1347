/** The runs that the server knows, as last reported: what the tree, the status bar and the panel draw from. */
import * as vscode from "vscode";
import type { RunView, VerdictView } from "../server/protocol.ts";
import { type Client, onNotification, request } from "./client.ts";
import { inTreeOrder } from "./runLabels.ts";

export interface TrackedRuns extends vscode.Disposable {
  readonly onChange: vscode.Event<RunView>;
  /** Runs were added or taken away, or all of them were read anew. */
  readonly onListChange: vscode.Event<void>;
  readonly onVerdict: vscode.Event<{ readonly run: RunView; readonly verdict: VerdictView }>;
  /** Live first, then the newest. */
  all(): readonly RunView[];
  get(runId: string): RunView | undefined;
  add(runs: readonly RunView[]): void;
  remove(runId: string): void;
  /** Reads all runs from the server, as after its restart. */
  refresh(): Promise<void>;
}

export function trackRuns(client: Client): TrackedRuns {
  const runs = new Map<string, RunView>();
  const changed = new vscode.EventEmitter<RunView>();
  const listChanged = new vscode.EventEmitter<void>();
  const verdictReached = new vscode.EventEmitter<{ run: RunView; verdict: VerdictView }>();

  const update = (run: RunView) => {
    const isNew = !runs.has(run.id);
    runs.set(run.id, run);
    if (isNew) listChanged.fire();
    else changed.fire(run);
  };
  const listeners = [
    onNotification(client, "haywire/runChanged", update),
    onNotification(client, "haywire/verdict", ({ run, verdict }) => {
      update(run);
      verdictReached.fire({ run, verdict });
    }),
  ];

  return {
    onChange: changed.event,
    onListChange: listChanged.event,
    onVerdict: verdictReached.event,
    all: () => inTreeOrder([...runs.values()]),
    get: (runId) => runs.get(runId),
    add: (added) => {
      for (const run of added) runs.set(run.id, run);
      listChanged.fire();
    },
    remove: (runId) => {
      if (runs.delete(runId)) listChanged.fire();
    },
    refresh: async () => {
      const known = await request(client, "haywire/runs", null);
      runs.clear();
      for (const run of known) runs.set(run.id, run);
      listChanged.fire();
    },
    dispose: () => vscode.Disposable.from(...listeners, changed, listChanged, verdictReached).dispose(),
  };
}
