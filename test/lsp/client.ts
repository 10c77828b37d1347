import { PassThrough } from "node:stream";
import {
  type ClientCapabilities,
  createConnection,
  createProtocolConnection,
  type Diagnostic,
  type InitializeParams,
  type InitializeResult,
  ProposedFeatures,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { startLanguageServer } from "../../server/lsp.ts";

/** A language client whose server runs in this process, over two in-memory streams. */
export interface TestClient {
  readonly connection: ProtocolConnection;
  readonly initialized: InitializeResult;
  /** Everything published, in order. */
  readonly published: PublishDiagnosticsParams[];
  /** Messages that the server logged or showed. */
  readonly messages: string[];
  /** How often the server asked to pull diagnostics again. */
  readonly refreshes: { count: number };
  /** The answer to `workspace/configuration`; change it, then notify. */
  settings: Record<string, unknown>;
  open(uri: string, text: string, languageId?: string): Promise<void>;
  /** The first publication for the URI that satisfies the condition, past ones from `since` on included. */
  publication(
    uri: string,
    accepts?: (params: PublishDiagnosticsParams) => boolean,
    since?: number,
  ): Promise<PublishDiagnosticsParams>;
  pull(uri: string): Promise<Diagnostic[]>;
  close(): void;
}

export interface ClientOptions {
  readonly pull?: boolean;
  readonly resolve?: boolean;
  readonly versionedEdits?: boolean;
  readonly annotatedEdits?: boolean;
  readonly settings?: Record<string, unknown>;
  readonly initializationOptions?: unknown;
}

export async function startClient(options: ClientOptions = {}): Promise<TestClient> {
  const toServer = new PassThrough();
  const toClient = new PassThrough();
  const server = createConnection(
    ProposedFeatures.all,
    new StreamMessageReader(toServer),
    new StreamMessageWriter(toClient),
  );
  startLanguageServer(server);
  const connection = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
  const published: PublishDiagnosticsParams[] = [];
  const messages: string[] = [];
  const refreshes = { count: 0 };
  const waiting = new Set<() => void>();
  connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
    published.push(params);
    for (const look of waiting) look();
  });
  for (const method of ["window/logMessage", "window/showMessage"]) {
    connection.onNotification(method, (params: { message: string }) => void messages.push(params.message));
  }
  connection.onRequest("workspace/diagnostic/refresh", () => {
    refreshes.count++;
    return null;
  });
  connection.onRequest("client/registerCapability", () => null);
  connection.onRequest("workspace/configuration", (params: { items: unknown[] }) =>
    params.items.map(() => client.settings),
  );
  connection.listen();

  const initialized: InitializeResult = await connection.sendRequest("initialize", initializeParams(options));
  const client: TestClient = {
    connection,
    initialized,
    published,
    messages,
    refreshes,
    settings: options.settings ?? {},
    open: (uri, text, languageId = "python") =>
      connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId, version: 1, text } }),
    publication: (uri, accepts = () => true, since = 0) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = published.slice(since).find((params) => params.uri === uri && accepts(params));
          if (!found) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`nothing published for ${uri}; messages: ${messages.join(" | ")}`));
        }, 15_000);
        waiting.add(look);
        look();
      }),
    pull: async (uri) => {
      const report: { items?: Diagnostic[] } = await connection.sendRequest("textDocument/diagnostic", {
        textDocument: { uri },
      });
      return report.items ?? [];
    },
    close: () => {
      connection.dispose();
      server.dispose();
      toServer.destroy();
      toClient.destroy();
    },
  };
  await connection.sendNotification("initialized", {});
  return client;
}

function initializeParams(options: ClientOptions): InitializeParams {
  const capabilities: ClientCapabilities = {
    workspace: {
      configuration: true,
      workspaceEdit: {
        documentChanges: options.versionedEdits ?? true,
        ...(options.annotatedEdits === true ? { changeAnnotationSupport: { groupsOnLabel: true } } : {}),
      },
      diagnostics: { refreshSupport: true },
      didChangeConfiguration: { dynamicRegistration: true },
      didChangeWatchedFiles: { dynamicRegistration: true },
    },
    textDocument: {
      publishDiagnostics: { relatedInformation: true, versionSupport: true },
      ...(options.pull ? { diagnostic: { relatedDocumentSupport: false } } : {}),
      codeAction: {
        codeActionLiteralSupport: { codeActionKind: { valueSet: [] } },
        ...(options.resolve === false ? {} : { resolveSupport: { properties: ["edit"] }, dataSupport: true }),
      },
    },
    notebookDocument: { synchronization: {} },
  };
  return {
    processId: null,
    rootUri: null,
    capabilities,
    initializationOptions: options.initializationOptions,
  };
}
