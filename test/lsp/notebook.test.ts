import assert from "node:assert/strict";
import { test } from "node:test";
import type { CodeAction, TextDocumentEdit } from "vscode-languageserver/node";
import type { TestClient } from "./client.ts";
import { actionsAt, codes, connect, find, has } from "./session.ts";

const notebookUri = "file:///nowhere/train.ipynb";
const cellUri = (cell: number) => `vscode-notebook-cell:/nowhere/train.ipynb#${cell}`;
const setup = "%pip install torch\nimport torch\nmodel = torch.nn.Linear(2, 1)";
const optimizer = "!nvidia-smi\noptimizer = torch.optim.Adam(model.parameters(), lr=0.1)";
const loop = `total = 0
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss`;

function openNotebook(client: TestClient, cells: readonly string[]): Promise<void> {
  return client.connection.sendNotification("notebookDocument/didOpen", {
    notebookDocument: {
      uri: notebookUri,
      notebookType: "jupyter-notebook",
      version: 1,
      cells: cells.map((_, index) => ({ kind: 2, document: cellUri(index) })),
    },
    cellTextDocuments: cells.map((text, index) => ({
      uri: cellUri(index),
      languageId: "python",
      version: 1,
      text,
    })),
  });
}

test("the cells of a notebook are one program: findings land in their cells, and fixes edit them", async () => {
  const client = await connect();
  await openNotebook(client, [setup, optimizer, loop]);
  const rate = await client.publication(cellUri(1), has("learning-rate-high"));
  const line = find(rate.diagnostics, (each) => each.code === "learning-rate-high").range.start.line;
  assert.equal(line, 1);
  const graph = await client.publication(cellUri(2), has("loss-keeps-graph"));
  assert.deepEqual((await client.publication(cellUri(0))).diagnostics, []);

  const finding = find(graph.diagnostics, (each) => each.code === "loss-keeps-graph");
  assert.deepEqual(finding.range.start, { line: 6, character: 13 });
  const offered = find(
    await actionsAt(client, cellUri(2), finding),
    (each) => each.diagnostics?.[0]?.code === "loss-keeps-graph",
  );
  const action: CodeAction = await client.connection.sendRequest("codeAction/resolve", offered);
  const [change] = (action.edit?.documentChanges ?? []) as TextDocumentEdit[];
  assert.equal(change?.textDocument.uri, cellUri(2));
  await client.connection.sendNotification("notebookDocument/didChange", {
    notebookDocument: { uri: notebookUri, version: 2 },
    change: {
      cells: {
        textContent: [
          {
            document: { uri: cellUri(2), version: 2 },
            changes: change.edits.map((edit) => ({
              range: edit.range,
              text: "newText" in edit ? edit.newText : "",
            })),
          },
        ],
      },
    },
  });
  const after = await client.publication(cellUri(2), (params) => params.version === 2);
  assert.ok(!codes(after.diagnostics).includes("loss-keeps-graph"));
});

test("a cell that goes takes its findings with it, and one that moves keeps them", async () => {
  const client = await connect();
  await openNotebook(client, [setup, optimizer, loop]);
  await client.publication(cellUri(1), has("learning-rate-high"));
  const since = client.published.length;
  await client.connection.sendNotification("notebookDocument/didChange", {
    notebookDocument: { uri: notebookUri, version: 2 },
    change: {
      cells: {
        structure: { array: { start: 1, deleteCount: 1 }, didClose: [{ uri: cellUri(1) }] },
      },
    },
  });
  await client.publication(cellUri(1), (params) => params.diagnostics.length === 0, since);
  await client.connection.sendNotification("notebookDocument/didClose", {
    notebookDocument: { uri: notebookUri },
    cellTextDocuments: [{ uri: cellUri(0) }, { uri: cellUri(2) }],
  });
  await client.publication(cellUri(2), (params) => params.diagnostics.length === 0, since);
});

test("a client that pulls gets each cell's own findings, and is told to ask again when another cell changes", async () => {
  const client = await connect({ pull: true });
  await openNotebook(client, [`${setup}\nrate = 0.1`, optimizer.replace("lr=0.1", "lr=rate"), loop]);
  assert.ok(codes(await client.pull(cellUri(1))).includes("learning-rate-high"));
  assert.ok(!codes(await client.pull(cellUri(2))).includes("learning-rate-high"));
  const before = client.refreshes.count;
  await client.connection.sendNotification("notebookDocument/didChange", {
    notebookDocument: { uri: notebookUri, version: 2 },
    change: {
      cells: {
        textContent: [{ document: { uri: cellUri(0), version: 2 }, changes: [{ text: `${setup}\nrate = 0.001` }] }],
      },
    },
  });
  for (let tries = 0; tries < 100 && client.refreshes.count === before; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(client.refreshes.count > before);
  assert.ok(!codes(await client.pull(cellUri(1))).includes("learning-rate-high"));
  assert.deepEqual(client.published, []);
});
