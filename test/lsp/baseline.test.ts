import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Hover } from "vscode-languageserver";
import { folderWith, git, run } from "../cli/command.ts";
import { codes, connect, has, script } from "./session.ts";

const text = (lr: number, eps: number, decay: number) =>
  script.replace("lr=0.1", `lr=${lr}, eps=${eps}, weight_decay=${decay}`);

function repository(): { readonly file: string; readonly uri: string; readonly folder: string } {
  const folder = folderWith({
    "train.py": text(0.001, 1e-7, 0.01),
    "haywire.toml": "[rules.many-hyperparameters-changed]\nthreshold = 3\n",
  });
  git(folder, "init", "-q");
  git(folder, "add", ".");
  git(folder, "commit", "-qm", "first");
  const file = path.join(folder, "train.py");
  return { file, uri: pathToFileURL(file).href, folder };
}

test("findings against git's HEAD come after the open, and go when the change is committed and saved", async () => {
  const { uri, file, folder } = repository();
  const changed = text(0.002, 1e-6, 0.02);
  writeFileSync(file, changed);
  const client = await connect();
  await client.open(uri, changed);
  await client.publication(uri, has("many-hyperparameters-changed"));
  const since = client.published.length;
  git(folder, "commit", "-qam", "second");
  await client.connection.sendNotification("textDocument/didSave", { textDocument: { uri } });
  await client.publication(uri, (params) => !has("many-hyperparameters-changed")(params), since);
});

test("a client that pulls is told to ask again when git has answered", async () => {
  const { uri } = repository();
  const client = await connect({ pull: true });
  await client.open(uri, text(0.002, 1e-6, 0.02));
  for (let tries = 0; tries < 500 && client.refreshes.count === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(codes(await client.pull(uri)).includes("many-hyperparameters-changed"));
});

test("in an untrusted workspace git is not asked", async () => {
  const { uri } = repository();
  const client = await connect({ initializationOptions: { trusted: false } });
  await client.open(uri, text(0.002, 1e-6, 0.02));
  await client.publication(uri);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(client.published.length, 1);
});

test("a settings file that changes holds at once, and what is wrong in it is logged", async () => {
  const { uri, folder } = repository();
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri, has("learning-rate-high"));
  writeFileSync(path.join(folder, "haywire.toml"), '[rules]\nlearning-rate-high = "off"\nno-such-rule = "off"\n');
  const settings = pathToFileURL(path.join(folder, "haywire.toml")).href;
  await client.connection.sendNotification("workspace/didChangeWatchedFiles", {
    changes: [{ uri: settings, type: 2 }],
  });
  await client.publication(uri, (params) => !has("learning-rate-high")(params));
  assert.ok(
    client.messages.some((message) => message.includes("no-such-rule")),
    client.messages.join(),
  );
});

test("a client that goes away while git is asked and a refresh is due is no fault", async () => {
  for (const pull of [true, false]) {
    const { uri } = repository();
    const client = await connect({ pull });
    await client.open(uri, text(0.002, 1e-6, 0.02));
    if (pull) await client.pull(uri);
    client.close();
    // What was under way ends in this time; an exception then would fail this file.
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
});

test("findings that the project's baseline accepts are not told, until the baseline goes", async () => {
  const { uri, file, folder } = repository();
  writeFileSync(file, script);
  await run(["check", "--write-baseline", "train.py"], { cwd: folder });
  const client = await connect();
  await client.open(uri, script);
  await client.publication(uri, (params) => !has("learning-rate-high")(params));
  rmSync(path.join(folder, "haywire-baseline.json"));
  const baseline = pathToFileURL(path.join(folder, "haywire-baseline.json")).href;
  await client.connection.sendNotification("workspace/didChangeWatchedFiles", {
    changes: [{ uri: baseline, type: 3 }],
  });
  await client.publication(uri, has("learning-rate-high"));
});

test("a run that the client starts is what a script is compared with from then on, and the hover lists old and new", async () => {
  const { uri, file } = repository();
  const started = text(0.003, 1e-5, 0.03);
  writeFileSync(file, started);
  const client = await connect();
  await client.open(uri, started);
  await client.publication(uri, has("many-hyperparameters-changed"));
  const since = client.published.length;
  const params = { runId: "terminal:1", name: "train.py", codePath: file, text: "", command: ["python", file] };
  await client.connection.sendNotification("haywire/terminalOutput", params);
  await client.publication(uri, (published) => !has("many-hyperparameters-changed")(published), since);

  const changed = text(0.004, 1e-5, 0.03);
  const version = 2;
  const contentChanges = [{ text: changed }];
  await client.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version },
    contentChanges,
  });
  const before = changed.slice(0, changed.indexOf("0.004")).split("\n");
  const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  const hover: Hover | null = await client.connection.sendRequest("textDocument/hover", {
    textDocument: { uri },
    position,
  });
  const shown = JSON.stringify(hover?.contents);
  assert.match(shown, /Changed since the run of \d{4}-/);
  assert.match(shown, /\| learningRate \| `0\.003` \(line \d+\) \| `0\.004` \(line \d+\) \|/);
});
