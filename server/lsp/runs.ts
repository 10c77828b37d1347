import type { Connection } from "vscode-languageserver";
import { ruleMarkdown } from "../lint/ruleDocuments.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { ClientNotifications, Requests, RunView, ServerNotifications } from "../protocol.ts";
import { readableDocument } from "../rules/ruleDocument.ts";
import type { PlacedVerdict } from "./diagnostics.ts";

/** Answers the `haywire/…` requests from the monitor, which is made at the first of them. */
export function serveRuns(connection: Connection, monitor: () => Monitor, onForgotten: () => void): void {
  onRequest(connection, "haywire/watch", (params) => monitor().watch(params));
  onRequest(connection, "haywire/unwatch", ({ runId }) => {
    monitor().unwatch(runId);
    onForgotten();
    return null;
  });
  onRequest(connection, "haywire/runs", () => monitor().runs());
  onRequest(connection, "haywire/range", (params) => monitor().range(params));
  onRequest(connection, "haywire/rule", async ({ name }) => {
    const markdown = await ruleMarkdown(name);
    return markdown === null ? null : readableDocument(markdown);
  });
  onNotification(connection, "haywire/terminalOutput", (params) => monitor().terminalOutput(params));
}

/** Tells the client something of our own; a client that has gone is no fault. */
export function notify<M extends keyof ServerNotifications>(
  connection: Connection,
  method: M,
  params: ServerNotifications[M],
): void {
  connection.sendNotification(method, params).catch(() => undefined);
}

/** The verdicts of known runs that lead to a place in code. */
export function placedVerdicts(runs: readonly RunView[]): PlacedVerdict[] {
  return runs.flatMap((run) =>
    run.verdicts.flatMap((verdict) => (verdict.code ? [{ run, verdict, place: verdict.code }] : [])),
  );
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
