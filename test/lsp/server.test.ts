import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  CancellationTokenSource,
  type CodeAction,
  type Diagnostic,
  type Hover,
  type InlayHint,
  LSPErrorCodes,
  type TextDocumentEdit,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { actionsAt, codes, connect, find, has, script, uri } from "./session.ts";

test("a fix of a published finding, once applied, makes the finding go", async () => {
  const client = await connect();
  assert.equal(client.initialized.capabilities.diagnosticProvider, undefined);
  await client.open(uri, script);
  const first = await client.publication(uri, has("loss-keeps-graph"));
  assert.equal(first.version, 1);
  const finding = find(first.diagnostics, (each) => each.code === "loss-keeps-graph");
  assert.equal(finding.source, "haywire");
  assert.match(finding.codeDescription?.href ?? "", /^file:.*\/rules\/loss-keeps-graph\.md$/);
  assert.deepEqual(finding.range, { start: { line: 10, character: 13 }, end: { line: 10, character: 17 } });

  const offered = find(await actionsAt(client, uri, finding), (each) => each.kind === "quickfix");
  assert.equal(offered.isPreferred, true);
  assert.equal(offered.edit, undefined);
  const action: CodeAction = await client.connection.sendRequest("codeAction/resolve", offered);
  const [change] = (action.edit?.documentChanges ?? []) as TextDocumentEdit[];
  assert.deepEqual(change?.textDocument, { uri, version: 1 });
  const fixed = TextDocument.applyEdits(TextDocument.create(uri, "python", 1, script), change.edits as never[]);
  assert.match(fixed, /total \+= loss\.item\(\)/);

  await client.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: change.edits.map((edit) => ({ range: edit.range, text: "newText" in edit ? edit.newText : "" })),
  });
  const second = await client.publication(uri, (params) => params.version === 2);
  assert.ok(!codes(second.diagnostics).includes("loss-keeps-graph"), codes(second.diagnostics).join());
});

test("an unsafe fix says that it is and why", async () => {
  const client = await connect();
  await client.open(uri, script);
  const { diagnostics } = await client.publication(uri, has("learning-rate-high"));
  const finding = find(diagnostics, (each) => each.code === "learning-rate-high");
  const actions = (await actionsAt(client, uri, finding)).filter(
    (each) => each.kind === "quickfix" && each.diagnostics?.[0]?.code === "learning-rate-high",
  );
  assert.ok(actions.length > 0);
  for (const action of actions) assert.match(action.title, /\(unsafe: .+\)$/);
});

test("all safe fixes come as one source action, and only what is asked for is offered", async () => {
  const client = await connect();
  await client.open(uri, script);
  const { diagnostics } = await client.publication(uri, has("loss-keeps-graph"));
  const [first] = diagnostics;
  assert.ok(first);
  const offered = await actionsAt(client, uri, first, ["source.fixAll"]);
  assert.deepEqual(
    offered.map((each) => each.kind),
    ["source.fixAll.haywire"],
  );
  const action: CodeAction = await client.connection.sendRequest("codeAction/resolve", offered[0]);
  const [change] = (action.edit?.documentChanges ?? []) as TextDocumentEdit[];
  const fixed = TextDocument.applyEdits(
    TextDocument.create(uri, "python", 1, script),
    (change?.edits ?? []) as never[],
  );
  assert.match(fixed, /total \+= loss\.item\(\)/);
  assert.match(fixed, /lr=0\.1/, "an unsafe fix is never part of it");
});

test("a client that neither resolves nor knows versions gets plain edits at once", async () => {
  const client = await connect({ resolve: false, versionedEdits: false });
  await client.open(uri, script);
  const { diagnostics } = await client.publication(uri, has("learning-rate-high"));
  const finding = find(diagnostics, (each) => each.code === "learning-rate-high");
  const action = find(await actionsAt(client, uri, finding), (each) => each.kind === "quickfix");
  assert.ok((action.edit?.changes?.[uri]?.length ?? 0) > 0);
});

test("a fix offered for an older text is refused", async () => {
  const client = await connect();
  await client.open(uri, script);
  const { diagnostics } = await client.publication(uri, has("learning-rate-high"));
  const finding = find(diagnostics, (each) => each.code === "learning-rate-high");
  const action = find(await actionsAt(client, uri, finding), (each) => each.kind === "quickfix");
  await client.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: "# new\n" }],
  });
  await assert.rejects(client.connection.sendRequest("codeAction/resolve", action), /changed/);
});

test("several changes in one message, and a change of the whole text, leave text and findings in step", async () => {
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri, has("learning-rate-high"));
  const at = (line: number, from: number, to: number) => ({
    start: { line, character: from },
    end: { line, character: to },
  });
  // The second counts from what the first left: an inserted line moves everything down.
  await client.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [
      { range: at(0, 0, 0), text: "# a new first line\n" },
      { range: at(4, 52, 55), text: "0.001" },
    ],
  });
  const second = await client.publication(uri, (params) => params.version === 2);
  assert.ok(!codes(second.diagnostics).includes("learning-rate-high"), codes(second.diagnostics).join());
  await client.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 3 },
    contentChanges: [{ text: `\n\n${script}` }],
  });
  const third = await client.publication(uri, (params) => params.version === 3);
  const finding = find(third.diagnostics, (each) => each.code === "learning-rate-high");
  assert.equal(finding.range.start.line, 5);
});

test("a burst of changes publishes no stale version after a newer one", async () => {
  const client = await connect();
  await client.open(uri, script);
  for (let version = 2; version <= 30; version++) {
    await client.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version },
      contentChanges: [
        { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: `# ${version}\n` },
      ],
    });
  }
  await client.publication(uri, (params) => params.version === 30);
  const versions = client.published.map((params) => params.version ?? 0);
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
  assert.ok(versions.length < 30, `${versions.length} publications for 30 versions`);
});

test("closing a text takes its findings away", async () => {
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri, has("learning-rate-high"));
  await client.connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
  await client.publication(uri, (params) => params.diagnostics.length === 0);
});

test("a client that pulls gets the same findings by asking, and nothing pushed", async () => {
  const pushed = await connect();
  await pushed.open(uri, script);
  const { diagnostics } = await pushed.publication(uri, has("learning-rate-high"));

  const client = await connect({ pull: true });
  assert.deepEqual(client.initialized.capabilities.diagnosticProvider, {
    identifier: "haywire",
    interFileDependencies: true,
    workspaceDiagnostics: false,
  });
  await client.open(uri, script);
  assert.deepEqual(await client.pull(uri), diagnostics);
  assert.deepEqual(await client.pull("file:///nowhere/never-opened.py"), []);
  assert.deepEqual(client.published, []);
});

test("a cancelled request is answered as cancelled, and the server goes on", async () => {
  const client = await connect({ pull: true });
  await client.open(uri, script);
  const source = new CancellationTokenSource();
  const asked = client.connection.sendRequest("textDocument/diagnostic", { textDocument: { uri } }, source.token);
  source.cancel();
  await assert.rejects(asked, (error: { code?: number }) => error.code === LSPErrorCodes.RequestCancelled);
  assert.ok(codes(await client.pull(uri)).includes("learning-rate-high"));
});

test("hover on a finding shows its rule, on an optimizer its resolved settings", async () => {
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri, has("learning-rate-high"));
  const hoverAt = async (line: number, character: number) => {
    const hover: Hover | null = await client.connection.sendRequest("textDocument/hover", {
      textDocument: { uri },
      position: { line, character },
    });
    return hover && typeof hover.contents === "object" && "value" in hover.contents ? hover.contents.value : "";
  };
  const rate = await hoverAt(3, script.split("\n")[3]?.indexOf("0.1") ?? 0);
  assert.match(rate, /learning-rate-high/);
  assert.match(rate, /\]\(file:.*learning-rate-high\.md\)/);
  const optimizer = await hoverAt(3, script.split("\n")[3]?.indexOf("Adam") ?? 0);
  assert.match(optimizer, /\| lr \| `0\.1` \|/);
  assert.match(optimizer, /\| eps \| `1e-08` \| library default \|/);
  assert.equal(await hoverAt(4, 2), "");
});

test("inlay hints show the defaults that hold", async () => {
  const client = await connect();
  await client.open(uri, script);
  const hints: InlayHint[] = await client.connection.sendRequest("textDocument/inlayHint", {
    textDocument: { uri },
    range: { start: { line: 0, character: 0 }, end: { line: 20, character: 0 } },
  });
  assert.deepEqual(
    hints.map((hint) => [hint.label, hint.position.line]),
    [[", eps=1e-08", 3]],
  );
});

test("the editor's settings hold, and a change of them lints again", async () => {
  const client = await connect({ settings: { rules: { "learning-rate-high": "off" }, panel: { smoothing: 0.5 } } });
  await client.open(uri, script);
  const first = await client.publication(uri);
  assert.ok(!codes(first.diagnostics).includes("learning-rate-high"));
  client.settings = { rules: { "learning-rate-high": "error" } };
  await client.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
  const second = await client.publication(uri, has("learning-rate-high"));
  assert.equal(find(second.diagnostics, (each) => each.code === "learning-rate-high").severity, 1);
  client.settings = { enable: false };
  await client.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
  await client.publication(uri, (params) => params.diagnostics.length === 0);
});

test("any text, and any change of it, leaves the server serving", async () => {
  const client = await connect({ pull: true });
  const languages = ["python", "typescript", "javascript", "typescriptreact", "plaintext"];
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "import torch\n",
      "torch.optim.Adam(",
      "lr=1e-",
      "\r",
      "\u2028",
      "\ud800",
      "for x in (",
      "'''",
      "`${",
    ),
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...languages), text, text, async (language, before, next) => {
      const of = `untitled:garbage-${count++}`;
      await client.open(of, before, language);
      await client.pull(of);
      await client.connection.sendNotification("textDocument/didChange", {
        textDocument: { uri: of, version: 2 },
        contentChanges: [{ range: { start: { line: 0, character: 3 }, end: { line: 2, character: 1 } }, text: next }],
      });
      await client.pull(of);
      await client.connection.sendRequest("textDocument/hover", {
        textDocument: { uri: of },
        position: { line: 0, character: 1 },
      });
      await client.connection.sendNotification("textDocument/didClose", { textDocument: { uri: of } });
    }),
    { numRuns: 60 },
  );
  assert.deepEqual(client.messages, []);
  await client.open(uri, script);
  assert.ok(codes(await client.pull(uri)).includes("learning-rate-high"));
});

test("a text too long to lint while it is edited is told once, and is linted when it has shrunk", async () => {
  const client = await connect({ pull: true });
  const long = "import torch\n".repeat(400_000);
  await client.open(uri, long);
  assert.deepEqual(await client.pull(uri), []);
  assert.deepEqual(await client.pull(uri), []);
  assert.equal(client.messages.filter((message) => message.includes("train.py")).length, 1);
  await client.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [{ text: script }],
  });
  assert.ok(codes(await client.pull(uri)).includes("learning-rate-high"));
});

test("TypeScript is linted too, with a fix", async () => {
  const client = await connect({ pull: true });
  const typescript = `import * as tf from "@tensorflow/tfjs";

const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
model.compile({ optimizer: tf.train.adam(0.1), loss: "meanSquaredError" });
await model.fit(xs, ys, { epochs: 10 });
`;
  const of = "file:///nowhere/train.ts";
  await client.open(of, typescript, "typescript");
  const finding = find(await client.pull(of), (each) => each.code === "learning-rate-high");
  assert.equal(finding.range.start.line, 3);
  assert.ok((await actionsAt(client, of, finding)).length > 0);
});

test("after any edits the findings are those of the same text opened afresh", async () => {
  const client = await connect({ pull: true });
  let count = 0;
  const edit = fc.record({
    from: fc.nat(script.length),
    length: fc.nat(12),
    text: fc.constantFrom("", "\n", "    ", "loss", "total += loss\n", "(", ")", "#", '"""', "\u00e9\u{1f600}", "\r\n"),
  });
  const placeless = (list: readonly Diagnostic[]) => list.map(({ code, range, message }) => ({ code, range, message }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), async (rounds) => {
      const edited = `file:///nowhere/edited-${count++}.py`;
      await client.open(edited, script);
      let document = TextDocument.create(edited, "python", 1, script);
      for (const [index, edits] of rounds.entries()) {
        const contentChanges = edits.map(({ from, length, text }) => {
          const range = { start: document.positionAt(from), end: document.positionAt(from + length) };
          document = TextDocument.update(document, [{ range, text }], index + 2);
          return { range, text };
        });
        await client.connection.sendNotification("textDocument/didChange", {
          textDocument: { uri: edited, version: index + 2 },
          contentChanges,
        });
        if (index % 2 === 0) await client.pull(edited);
      }
      const fresh = `file:///nowhere/fresh-${count++}.py`;
      await client.open(fresh, document.getText());
      assert.deepEqual(placeless(await client.pull(edited)), placeless(await client.pull(fresh)));
      for (const of of [edited, fresh]) {
        await client.connection.sendNotification("textDocument/didClose", { textDocument: { uri: of } });
      }
    }),
    { numRuns: 60 },
  );
});
