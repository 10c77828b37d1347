import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { FileChangeType, type Hover } from "vscode-languageserver/node";
import { codes, connect, find, has } from "./session.ts";

const folder = mkdtempSync(path.join(tmpdir(), "haywire-cross-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const uriOf = (name: string) => pathToFileURL(path.join(folder, name)).href;
const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);

const script = `import torch
from config import LR

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=LR)
`;

test("a finding that a helper's value makes says where it stands, and goes when the helper is edited", async () => {
  write("config.py", "# rates\nLR = 0.1\n");
  write("train.py", script);
  const client = await connect();
  const uri = uriOf("train.py");
  await client.open(uri, script);
  const { diagnostics } = await client.publication(uri, has("learning-rate-high"));
  const high = find(diagnostics, ({ code }) => code === "learning-rate-high");
  const places = high.relatedInformation?.map(({ location }) => [
    path.basename(location.uri),
    location.range.start.line,
  ]);
  assert.deepEqual(places, [["config.py", 1]]);

  const hover: Hover | null = await client.connection.sendRequest("textDocument/hover", {
    textDocument: { uri },
    position: { line: 4, character: script.split("\n")[4]?.indexOf("lr=") ?? 0 },
  });
  assert.match(JSON.stringify(hover?.contents), /module constant, line 5 ← literal, config\.py:2/);

  // Edited in the editor, before it is saved.
  const before = client.published.length;
  await client.open(uriOf("config.py"), "LR = 1e-3\n");
  const gone = await client.publication(uri, (params) => !has("learning-rate-high")(params), before);
  assert.ok(!codes(gone.diagnostics).includes("learning-rate-high"));
});

test("a file that appears on the disk is read", async () => {
  const later = script.replace("from config", "from later");
  write("second.py", later);
  const client = await connect();
  const uri = uriOf("second.py");
  await client.open(uri, later);
  const first = await client.publication(uri, () => true);
  assert.ok(!codes(first.diagnostics).includes("learning-rate-high"));
  write("later.py", "LR = 0.1\n");
  client.connection.sendNotification("workspace/didChangeWatchedFiles", {
    changes: [{ uri: uriOf("later.py"), type: FileChangeType.Created }],
  });
  await client.publication(uri, has("learning-rate-high"));
});
