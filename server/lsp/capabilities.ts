import {
  type ClientCapabilities,
  CodeActionKind,
  type ServerCapabilities,
  TextDocumentSyncKind,
} from "vscode-languageserver";
import type { InitializationOptions } from "../protocol.ts";
import { changeKind, fixAllKind } from "./codeActions.ts";

/** What this client can do that decides how it is served. */
export interface ClientAbilities {
  /** It asks for diagnostics itself; they are then never pushed. */
  readonly pullsDiagnostics: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly configuration: boolean;
  readonly registersConfiguration: boolean;
  readonly registersWatchedFiles: boolean;
  readonly workspaceFolders: boolean;
  readonly resolvesEdits: boolean;
  readonly versionedEdits: boolean;
  /** A preview of edits shows what each group of them is for. */
  readonly annotatesEdits: boolean;
  readonly refreshesCodeLenses: boolean;
  /** It has the command `haywire.runAndWatch`. */
  readonly runsScripts: boolean;
  /** False in an editor's restricted mode: no other program is run, git neither. */
  readonly trusted: boolean;
}

export function abilitiesOf(
  capabilities: ClientCapabilities,
  given: InitializationOptions | null | undefined,
): ClientAbilities {
  const { workspace, textDocument } = capabilities;
  return {
    pullsDiagnostics: textDocument?.diagnostic !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    configuration: workspace?.configuration === true,
    registersConfiguration: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    registersWatchedFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    workspaceFolders: workspace?.workspaceFolders === true,
    resolvesEdits: textDocument?.codeAction?.resolveSupport?.properties.includes("edit") === true,
    versionedEdits: workspace?.workspaceEdit?.documentChanges === true,
    annotatesEdits: workspace?.workspaceEdit?.changeAnnotationSupport !== undefined,
    refreshesCodeLenses: workspace?.codeLens?.refreshSupport === true,
    runsScripts: given?.runAndWatch === true,
    trusted: given?.trusted !== false,
  };
}

export function serverCapabilities(client: ClientAbilities): ServerCapabilities {
  return {
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
    notebookDocumentSync: { notebookSelector: [{ notebook: "*", cells: [{ language: "python" }] }], save: true },
    ...(client.pullsDiagnostics
      ? { diagnosticProvider: { identifier: "haywire", interFileDependencies: true, workspaceDiagnostics: false } }
      : {}),
    codeActionProvider: {
      codeActionKinds: [CodeActionKind.QuickFix, changeKind, fixAllKind],
      resolveProvider: client.resolvesEdits,
    },
    hoverProvider: true,
    inlayHintProvider: true,
    ...(client.runsScripts ? { codeLensProvider: { resolveProvider: false } } : {}),
    workspace: { workspaceFolders: { supported: true, changeNotifications: client.workspaceFolders } },
  };
}
