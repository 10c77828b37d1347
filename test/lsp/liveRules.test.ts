import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { CodeAction } from "vscode-languageserver/node";
import type { RunView, VerdictView } from "../../server/protocol.ts";
import { actionsAt, codes, connect, find, has } from "./session.ts";

const script = `import torch

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def train(loader):
    for step, (x, y, paths) in enumerate(loader):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.4f}")
`;
const liveRules = ["adam-state-not-logged", "batch-not-identified", "optimizer-reset"];

let folder = "";
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "haywire-lsp-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const noise = (step: number) => Math.sin(12.9898 * step) * 0.02;
const lines = (from: number, to: number, loss: (step: number) => number) =>
  Array.from({ length: to - from }, (_, i) => `${JSON.stringify({ step: from + i, loss: loss(from + i) })}\n`).join("");

test("a verdict on the data brings the finding that waits for it, with its fix where the verdict stands", async () => {
  const client = await connect();
  const verdicts: { run: RunView; verdict: VerdictView }[] = [];
  client.connection.onNotification("haywire/verdict", (news: (typeof verdicts)[number]) => void verdicts.push(news));
  const log = path.join(folder, "metrics.jsonl");
  const code = path.join(folder, "train.py");
  const uri = pathToFileURL(code).href;
  await writeFile(
    log,
    lines(0, 600, (step) => 1 + noise(step)),
  );
  await writeFile(code, script);
  await client.open(uri, script);
  const quiet = await client.publication(uri, () => true);
  for (const name of liveRules) assert.ok(!codes(quiet.diagnostics).includes(name), name);

  const [run]: RunView[] = await client.connection.sendRequest("haywire/watch", { path: log, codePath: code });
  await appendFile(
    log,
    lines(600, 1000, (step) => (step < 603 ? 60 : 1 + noise(step))),
  );
  const marked = await client.publication(uri, has("loss-spike"));
  const { verdict } = find(verdicts, (each) => each.verdict.kind === "loss-spike");
  const named = new Set(verdict.causes.flatMap(({ rules }) => rules));
  assert.ok(named.has("batch-not-identified"));
  for (const name of liveRules) assert.equal(codes(marked.diagnostics).includes(name), named.has(name), name);

  const finding = find(marked.diagnostics, ({ code: of }) => of === "batch-not-identified");
  assert.equal(finding.severity, 4);
  const spike = find(marked.diagnostics, ({ code: of }) => of === "loss-spike");
  const actions = await actionsAt(client, uri, spike);
  const action = find(actions, ({ title }) => title.startsWith("Log the number of each batch and its samples"));
  const resolved: CodeAction = action.edit ? action : await client.connection.sendRequest("codeAction/resolve", action);
  assert.match(JSON.stringify(resolved.edit), /print\(f\\"batch \{step\} paths \{paths\}\\"\)/);

  assert.ok(run);
  const since = client.published.length;
  await client.connection.sendRequest("haywire/unwatch", { runId: run.id });
  const cleared = await client.publication(uri, () => true, since);
  for (const name of liveRules) assert.ok(!codes(cleared.diagnostics).includes(name), name);
});
