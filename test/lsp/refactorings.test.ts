import assert from "node:assert/strict";
import { test } from "node:test";
import type { CodeAction, TextDocumentEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { TestClient } from "./client.ts";
import { connect, find, uri } from "./session.ts";

const script = `import torch

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
`;
const kind = "refactor.rewrite.haywire";

async function offeredAt(client: TestClient, line: number, only?: string[]): Promise<CodeAction[]> {
  const position = { line, character: 4 };
  return client.connection.sendRequest("textDocument/codeAction", {
    textDocument: { uri },
    range: { start: position, end: position },
    context: { diagnostics: [], ...(only ? { only } : {}) },
  });
}

const rewrites = (actions: readonly CodeAction[]) => actions.filter((each) => each.kind === kind);

test("on an optimizer, changes are offered as refactorings that say what they do and to make one at a time", async () => {
  const client = await connect();
  const provider = client.initialized.capabilities.codeActionProvider;
  assert.ok(typeof provider === "object" && provider.codeActionKinds?.includes(kind));
  await client.open(uri, script);
  await client.publication(uri);
  const offered = rewrites(await offeredAt(client, 3));
  assert.ok(offered.length >= 4, JSON.stringify(offered, null, 1));
  for (const { title, edit, isPreferred } of offered) {
    assert.match(title, /^[A-Z].+ \(.+; one change at a time tells what helped\)$/);
    assert.equal(edit, undefined, "edits come when the action is resolved");
    assert.equal(isPreferred, undefined, "none is a cure");
  }
  const offer = find(offered, ({ title }) => /AMSGrad/.test(title));
  const action: CodeAction = await client.connection.sendRequest("codeAction/resolve", offer);
  const [change] = (action.edit?.documentChanges ?? []) as TextDocumentEdit[];
  assert.deepEqual(change?.textDocument, { uri, version: 1 });
  const changed = TextDocument.applyEdits(TextDocument.create(uri, "python", 1, script), change.edits as never[]);
  assert.equal(changed, script.replace("lr=1e-3)", "lr=1e-3, amsgrad=True)"));
});

test("refactorings come where they are asked for alone, and never beside the code", async () => {
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri);
  assert.deepEqual(rewrites(await offeredAt(client, 0)), []);
  assert.deepEqual(rewrites(await offeredAt(client, 3, ["quickfix"])), []);
  for (const only of ["refactor", "refactor.rewrite", kind]) {
    const offered = await offeredAt(client, 3, [only]);
    assert.ok(offered.length > 0 && offered.every((each) => each.kind === kind), only);
  }
});

test("a change that a rule's fix makes in the same place is offered once", async () => {
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri);
  const atStep = await offeredAt(client, 8);
  const clips = atStep.filter(({ title }) => /^Clip the gradient norm/.test(title));
  assert.deepEqual(
    clips.map((each) => each.kind),
    ["quickfix"],
  );
  const clipsAtOptimizer = (await offeredAt(client, 3)).filter(({ title }) => /^Clip the gradient norm/.test(title));
  assert.deepEqual(
    clipsAtOptimizer.map((each) => each.kind),
    [kind],
  );
});

test("a client with a preview of annotated edits reads there what is written and why it changes the training", async () => {
  const client = await connect({ annotatedEdits: true });
  await client.open(uri, script);
  await client.publication(uri);
  const resolve = (offer: CodeAction): Promise<CodeAction> =>
    client.connection.sendRequest("codeAction/resolve", offer);
  const noteOf = ({ edit }: CodeAction) => {
    const [change] = (edit?.documentChanges ?? []) as TextDocumentEdit[];
    const [first] = change?.edits ?? [];
    assert.ok(first && "annotationId" in first, JSON.stringify(edit));
    return edit?.changeAnnotations?.[first.annotationId];
  };
  const fix = find(await offeredAt(client, 8, ["quickfix"]), ({ title }) => /^Clip/.test(title));
  assert.deepEqual(noteOf(await resolve(fix)), {
    label: "Clip the gradient norm to 1.0 before optimizer.step()",
    description: "Steps whose gradient norm is above the threshold become smaller.",
  });
  const change = find(await offeredAt(client, 3, [kind]), ({ title }) => /^Raise eps/.test(title));
  assert.deepEqual(noteOf(await resolve(change)), {
    label: "Raise eps: set eps=1e-7",
    description: "Weights whose gradients are near 1e-7 move more slowly. One change at a time tells what helped.",
  });
});

test("a refactoring offered for an older text is refused", async () => {
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri);
  const [offer] = rewrites(await offeredAt(client, 3));
  await client.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: "# new\n" }],
  });
  await assert.rejects(client.connection.sendRequest("codeAction/resolve", offer), /changed/);
});

test("a client that does not resolve gets the edits at once", async () => {
  const client = await connect({ resolve: false, versionedEdits: false });
  await client.open(uri, script);
  await client.publication(uri);
  for (const { edit } of rewrites(await offeredAt(client, 3))) assert.ok((edit?.changes?.[uri]?.length ?? 0) > 0);
});
