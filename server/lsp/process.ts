import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { startLanguageServer } from "../lsp.ts";

/** The server of this process, on standard streams (`--stdio`) or Node's IPC (`--node-ipc`); ends with its client. */
export function startProcessLanguageServer(): void {
  startLanguageServer(createConnection(ProposedFeatures.all));
}
