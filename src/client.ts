/** The language client: starts `dist/lsp.mjs` over node IPC and gives the `haywire/…` messages their types. */
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, State, TransportKind } from "vscode-languageclient/node";
import type { ClientNotifications, Requests, ServerNotifications } from "../server/protocol.ts";
import { ruleNameOf, ruleUri } from "./ruleUri.ts";

export type Client = LanguageClient;

const lintedLanguages = ["python", "typescript", "javascript", "typescriptreact", "javascriptreact"];

/** A client that is not started yet; `start()` resolves when the server has answered. */
export function createClient(context: vscode.ExtensionContext): Client {
  const module = context.asAbsolutePath("dist/lsp.mjs");
  const options: LanguageClientOptions = {
    documentSelector: [
      ...lintedLanguages.flatMap((language) => [
        { scheme: "file", language },
        { scheme: "untitled", language },
      ]),
      { scheme: "vscode-notebook-cell", language: "python" },
    ],
    synchronize: { configurationSection: "haywire" },
    initializationOptions: { trusted: vscode.workspace.isTrusted, runAndWatch: true },
    middleware: {
      handleDiagnostics: (uri, diagnostics, next) => next(uri, withRuleLinks(diagnostics)),
      provideDiagnostics: async (document, previousResultId, token, next) => {
        const report = await next(document, previousResultId, token);
        if (report && "items" in report) withRuleLinks(report.items);
        return report;
      },
    },
  };
  return new LanguageClient(
    "haywire",
    "Haywire",
    {
      run: { module, transport: TransportKind.ipc },
      debug: { module, transport: TransportKind.ipc, options: { execArgv: ["--nolazy", "--inspect=6010"] } },
    },
    options,
  );
}

/** Calls back each time the server is up, also after a restart. */
export function onRunning(client: Client, handler: () => void): vscode.Disposable {
  return client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) handler();
  });
}

/** Sends one of the requests in `server/protocol.ts`; rejects when the server is down or refuses. */
export function request<M extends keyof Requests>(
  client: Client,
  method: M,
  params: Requests[M]["params"],
): Promise<Requests[M]["result"]> {
  return client.sendRequest<Requests[M]["result"]>(method, params);
}

export function notify<M extends keyof ClientNotifications>(
  client: Client,
  method: M,
  params: ClientNotifications[M],
): Promise<void> {
  return client.sendNotification(method, params);
}

export function onNotification<M extends keyof ServerNotifications>(
  client: Client,
  method: M,
  handler: (params: ServerNotifications[M]) => void,
): vscode.Disposable {
  return client.onNotification(method, handler);
}

/** A click on a rule's name opens its document rather than a path that only the server knows. */
function withRuleLinks(diagnostics: vscode.Diagnostic[]): vscode.Diagnostic[] {
  for (const diagnostic of diagnostics) {
    const { code } = diagnostic;
    if (typeof code !== "object" || typeof code.value !== "string") continue;
    if (ruleNameOf(code.target.path) === code.value) {
      diagnostic.code = { value: code.value, target: vscode.Uri.from(ruleUri(code.value)) };
    }
  }
  return diagnostics;
}
