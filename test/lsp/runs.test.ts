import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { CodeLens } from "vscode-languageserver/node";
import type { RangeResult, RunView, VerdictView } from "../../server/protocol.ts";
import type { TestClient } from "./client.ts";
import { codes, connect, find, has, script } from "./session.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "haywire-lsp-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const line = (step: number, loss: number | string) => `{"step": ${step}, "loss": ${loss}}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(from + index, 2 + Math.sin(index) / 50)).join("");

/** Collects what the server says of runs, and waits for one that fits. */
function listen(client: TestClient) {
  const changes: RunView[] = [];
  const verdicts: { run: RunView; verdict: VerdictView }[] = [];
  client.connection.onNotification("haywire/runChanged", (run: RunView) => void changes.push(run));
  client.connection.onNotification("haywire/verdict", (news: (typeof verdicts)[number]) => void verdicts.push(news));
  const until = async <T>(list: readonly T[], accepts: (item: T) => boolean): Promise<T> => {
    for (let tries = 0; tries < 500; tries++) {
      const found = list.find(accepts);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`nothing came; messages: ${client.messages.join(" | ")}`);
  };
  return { changes, verdicts, until };
}

test("a log that grows is told, its points come by range, and NaN is a verdict that marks the script", async () => {
  const client = await connect();
  const { changes, verdicts, until } = listen(client);
  const log = path.join(folder, "metrics.jsonl");
  const code = path.join(folder, "train.py");
  await writeFile(log, lines(0, 50));
  await writeFile(code, script);
  const codeUri = pathToFileURL(code).href;
  await client.open(codeUri, script);
  await client.publication(codeUri, has("learning-rate-high"));

  const runs: RunView[] = await client.connection.sendRequest("haywire/watch", { path: log, codePath: code });
  assert.equal(runs.length, 1);
  const [run] = runs;
  assert.ok(run);
  await appendFile(log, lines(50, 100));
  await until(changes, (each) => each.lastStep === 99);

  const range: RangeResult = await client.connection.sendRequest("haywire/range", {
    runId: run.id,
    series: ["loss"],
    from: 10,
    to: 19,
    columns: 100,
  });
  assert.equal(range.series[0]?.total, 10);
  assert.deepEqual(range.series[0]?.steps.slice(0, 2), [10, 11]);

  await appendFile(log, Array.from({ length: 20 }, (_, index) => line(100 + index, "NaN")).join(""));
  const { verdict } = await until(verdicts, (each) => each.verdict.kind === "non-finite");
  assert.equal(verdict.onsetStep, 100);
  assert.ok(verdict.code, "the verdict leads to no code");
  const marked = await client.publication(codeUri, has("non-finite"));
  const finding = find(marked.diagnostics, (each) => each.code === "non-finite");
  assert.equal(finding.severity, 2);
  assert.equal(finding.source, "haywire");
  assert.equal(finding.range.start.line, verdict.code.line);

  const known: RunView[] = await client.connection.sendRequest("haywire/runs", null);
  assert.deepEqual(
    known.map((each) => each.id),
    [run.id],
  );
  const since = client.published.length;
  await client.connection.sendRequest("haywire/unwatch", { runId: run.id });
  const cleared = await client.publication(codeUri, () => true, since);
  assert.ok(!codes(cleared.diagnostics).includes("non-finite"));
});

test("a terminal's output is a run, and the code lens above the loop says how it went", async () => {
  const client = await connect({ initializationOptions: { runAndWatch: true } });
  const { changes, until } = listen(client);
  const code = path.join(folder, "lens.py");
  const uri = pathToFileURL(code).href;
  await client.open(uri, script);
  const lenses = async () => {
    const found: CodeLens[] = await client.connection.sendRequest("textDocument/codeLens", { textDocument: { uri } });
    return found.map((lens) => [lens.range.start.line, lens.command?.title, lens.command?.arguments?.[0]]);
  };
  assert.deepEqual(await lenses(), [[5, "▶ Run and watch", uri]]);
  const run = { runId: "terminal-1", name: "lens.py", codePath: code };
  await client.connection.sendNotification("haywire/terminalOutput", { ...run, text: "step 1 loss 0.5\nstep 2 lo" });
  await client.connection.sendNotification("haywire/terminalOutput", { ...run, text: "ss 0.4\n" });
  await client.connection.sendNotification("haywire/terminalOutput", { ...run, text: "", ended: true, exitCode: 0 });
  await until(changes, (each) => each.state === "finished" && each.lastStep === 2);
  assert.deepEqual(await lenses(), [[5, "▶ Run and watch · last run: finished at step 2", uri]]);
});

test("a client without the command gets no code lens", async () => {
  const client = await connect();
  assert.equal(client.initialized.capabilities.codeLensProvider, undefined);
});

test("a rule's document comes by name, and none for an unknown one", async () => {
  const client = await connect();
  assert.match(await client.connection.sendRequest("haywire/rule", { name: "learning-rate-high" }), /^# /);
  assert.equal(await client.connection.sendRequest("haywire/rule", { name: "../rule" }), null);
});
