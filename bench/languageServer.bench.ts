/** The bundled server as a process: first diagnostics after opening a file, and edit → published diagnostics. */
import { spawn } from "node:child_process";
import path from "node:path";
import {
  createProtocolConnection,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { figure, median, quantile } from "./measure.ts";
import { trainingScript } from "./trainingScript.ts";

const bundle = path.resolve(import.meta.dirname, "../dist/lsp.mjs");
const uri = "file:///bench/train.py";
const text = trainingScript(2_000);
const detail = `${text.split("\n").length - 1} lines over stdio`;

const firsts: number[] = [];
for (let round = 0; round < 7; round++) {
  const server = startServer();
  const started = performance.now();
  await open(server.connection);
  await server.diagnostics(1);
  firsts.push(performance.now() - started);
  server.stop();
}
figure("fresh server → first diagnostics, median of 7 starts", median(firsts), 1_000, "ms", detail);

const server = startServer();
await open(server.connection);
await server.diagnostics(1);
const at = text.split("\n").findIndex((line) => line.includes("scaler.update()"));
const samples: number[] = [];
for (let version = 2; version < 302; version++) {
  const growing = version % 2 === 0;
  const range = { start: { line: at, character: 8 }, end: { line: at, character: growing ? 8 : 9 } };
  const start = performance.now();
  await server.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version },
    contentChanges: [{ range, text: growing ? "#" : "" }],
  });
  await server.diagnostics(version);
  if (version > 50) samples.push(performance.now() - start);
}
server.stop();
figure(
  "edit → published diagnostics, p99",
  quantile(samples, 0.99),
  20,
  "ms",
  `${detail}; median ${median(samples).toFixed(1)} ms`,
);

async function open(connection: ProtocolConnection): Promise<void> {
  await connection.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
  await connection.sendNotification("initialized", {});
  await connection.sendNotification("textDocument/didOpen", {
    textDocument: { uri, languageId: "python", version: 1, text },
  });
}

function startServer() {
  const child = spawn(process.execPath, [bundle, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  let latest = 0;
  let tell = () => {};
  connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
    if (params.diagnostics.length === 0) return;
    latest = Math.max(latest, params.version ?? 1);
    tell();
  });
  connection.listen();
  return {
    connection,
    /** Resolves when diagnostics of this version or a later one have been published. */
    async diagnostics(version: number): Promise<void> {
      while (latest < version)
        await new Promise<void>((resolve) => {
          tell = resolve;
        });
    },
    stop() {
      connection.dispose();
      child.kill();
    },
  };
}
