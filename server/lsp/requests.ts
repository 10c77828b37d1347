import { setImmediate } from "node:timers/promises";
import {
  type CancellationToken,
  type Connection,
  DocumentDiagnosticReportKind,
  LSPErrorCodes,
  ResponseError,
} from "vscode-languageserver";
import { type ActionData, withEdit } from "./actionEdits.ts";
import type { ClientAbilities } from "./capabilities.ts";
import { codeActions } from "./codeActions.ts";
import { codeLenses } from "./codeLens.ts";
import { hoverAt, type TextOf } from "./hover.ts";
import { inlayHints } from "./inlayHints.ts";
import type { OpenPrograms } from "./openPrograms.ts";
import { offsetOf } from "./programs.ts";
import type { Publisher } from "./publisher.ts";
import type { WatchedRuns } from "./runs.ts";

/** Answers the standard requests about open texts. */
export function answerRequests(
  connection: Connection,
  client: ClientAbilities,
  programs: OpenPrograms,
  publisher: Publisher,
  runs: WatchedRuns,
  textOf: TextOf,
): void {
  const lintOf = async (uri: string) => (await programs.ofText(uri)?.lint()) ?? null;

  if (client.pullsDiagnostics) {
    connection.languages.diagnostics.on(
      cancellable(async ({ textDocument }: { textDocument: { uri: string } }) => ({
        kind: DocumentDiagnosticReportKind.Full,
        items: await publisher.pull(textDocument.uri),
      })),
    );
  }
  connection.onHover(
    cancellable(async ({ textDocument, position }) => {
      const linted = await lintOf(textDocument.uri);
      const offset = linted && offsetOf(linted.program, textDocument.uri, position);
      return linted && offset !== null ? hoverAt(linted, offset, textOf) : null;
    }),
  );
  connection.languages.inlayHint.on(
    cancellable(async ({ textDocument, range }) => {
      const linted = await lintOf(textDocument.uri);
      return linted ? inlayHints(linted.program, linted.result.facts, textDocument.uri, range) : [];
    }),
  );
  if (client.runsScripts) {
    connection.onCodeLens(
      cancellable(async ({ textDocument }) => {
        const linted = await lintOf(textDocument.uri);
        if (!linted) return [];
        const { program, result } = linted;
        return codeLenses(program, result.facts, textDocument.uri, runs.lastRunOf(program.path));
      }),
    );
  }
  connection.onCodeAction(
    cancellable(async (params) => {
      const linted = await lintOf(params.textDocument.uri);
      if (!linted) return [];
      const actions = codeActions(linted, runs.placedVerdicts(), params);
      return client.resolvesEdits ? actions : actions.map((action) => withEdit(action, linted, client));
    }),
  );
  connection.onCodeActionResolve(
    cancellable(async (action) => {
      const data: ActionData = action.data;
      const linted = await programs.get(data.uri)?.lint();
      if (!linted || linted.revision !== data.revision) {
        throw new ResponseError(LSPErrorCodes.ContentModified, "The text has changed since this fix was offered.");
      }
      return withEdit(action, linted, client);
    }),
  );
}

/**
 * A handler that lets messages which came together with the request be read first, so that a cancellation or a newer text
 * among them counts, and that answers a cancelled request as LSP asks.
 */
function cancellable<P, R>(handler: (params: P) => Promise<R>) {
  return async (params: P, token: CancellationToken): Promise<R> => {
    await setImmediate();
    const cancelled = () => new ResponseError<void>(LSPErrorCodes.RequestCancelled, "Cancelled by the client.");
    if (token.isCancellationRequested) throw cancelled();
    const result = await handler(params);
    if (token.isCancellationRequested) throw cancelled();
    return result;
  };
}
