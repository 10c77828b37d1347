import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import {
  createProtocolConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageReader,
  type MessageWriter,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { codes, script, uri } from "./session.ts";

const root = path.resolve(import.meta.dirname, "../..");

async function lintOnce(reader: MessageReader, writer: MessageWriter): Promise<PublishDiagnosticsParams> {
  const connection = createProtocolConnection(reader, writer);
  const published = new Promise<PublishDiagnosticsParams>((resolve) => {
    connection.onNotification("textDocument/publishDiagnostics", resolve);
  });
  connection.listen();
  await connection.sendRequest("initialize", { processId: process.pid, rootUri: null, capabilities: {} });
  await connection.sendNotification("initialized", {});
  await connection.sendNotification("textDocument/didOpen", {
    textDocument: { uri, languageId: "python", version: 1, text: script },
  });
  const result = await published;
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  return result;
}

for (const { name, argv } of [
  { name: "lspMain.ts --stdio", argv: ["server/lspMain.ts", "--stdio"] },
  { name: "haywire lsp --stdio", argv: ["server/cliMain.ts", "lsp", "--stdio"] },
]) {
  test(`${name} serves a process over its standard streams and ends with status 0`, async () => {
    const child = spawn(process.execPath, ["--import", "tsx", ...argv], {
      cwd: root,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    const { diagnostics } = await lintOnce(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    assert.ok(codes(diagnostics).includes("learning-rate-high"));
    assert.equal(await ended, 0);
  });
}

test("lspMain.ts --node-ipc serves a process over Node's own channel", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "server/lspMain.ts", "--node-ipc"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const { diagnostics } = await lintOnce(new IPCMessageReader(child), new IPCMessageWriter(child));
  assert.ok(codes(diagnostics).includes("learning-rate-high"));
  assert.equal(await ended, 0);
});
