import assert from "node:assert/strict";
import { test } from "node:test";
import { folderWith, keepsGraph, run } from "./command.ts";

const line = (step: number, loss: number | string) => `{"step": ${step}, "loss": ${loss}}\n`;
const log = (from: number, to: number, loss: (step: number) => number | string) =>
  Array.from({ length: to - from }, (_, index) => line(from + index, loss(from + index))).join("");
const healthy = log(0, 200, (step) => 1 / (step + 1));
const broken = healthy + log(200, 230, () => "NaN");

test("diagnose tells what went wrong, since when, and on which line of the script", async () => {
  const cwd = folderWith({ "exp1/metrics.jsonl": broken, "train.py": keepsGraph });
  const { status, stdout, stderr } = await run(["diagnose", "--code", "train.py", "exp1/metrics.jsonl"], { cwd });
  assert.equal(stderr, "");
  assert.equal(status, 1);
  assert.match(stdout, /non-finite/);
  assert.match(stdout, /step 200/);
  assert.match(stdout, /At train\.py:\d+:\d+/);
});

test("diagnose --format json has the promised shape", async () => {
  const cwd = folderWith({ "exp1/metrics.jsonl": broken, "train.py": keepsGraph });
  const { stdout } = await run(["diagnose", "--format", "json", "--code", "train.py", "exp1/metrics.jsonl"], { cwd });
  const { runs, across_runs } = JSON.parse(stdout);
  assert.deepEqual(across_runs, []);
  assert.deepEqual(runs[0].sources, [{ path: "exp1/metrics.jsonl", format: "jsonl", records: 230, skipped: 0 }]);
  assert.deepEqual(runs[0].steps, [0, 229]);
  assert.deepEqual(runs[0].series, [{ name: "loss", role: "train-loss", points: 230 }]);
  const [verdict] = runs[0].verdicts;
  assert.equal(verdict.kind, "non-finite");
  assert.equal(verdict.onset_step, 200);
  assert.equal(verdict.code.filename, "train.py");
});

test("diagnose exits with 0 when nothing went wrong", async () => {
  const cwd = folderWith({ "a.jsonl": healthy });
  const { status, stdout } = await run(["diagnose", "a.jsonl"], { cwd });
  assert.equal(status, 0);
  assert.match(stdout, /Nothing found/);
});

test("a missing log or script, and a folder without logs, are one message and 2; the other logs are still read", async () => {
  const cwd = folderWith({ "a.jsonl": broken, "empty/readme.md": "" });
  const { status, stdout, stderr } = await run(["diagnose", "absent.log", "a.jsonl"], { cwd });
  assert.equal(status, 2);
  assert.match(stdout, /non-finite/);
  assert.match(stderr, /^haywire: absent\.log: /);
  assert.equal(stderr.trimEnd().split("\n").length, 1);
  for (const argv of [["empty"], ["--code", "absent.py", "a.jsonl"], [], ["--format", "xml", "a.jsonl"]]) {
    const bad = await run(["diagnose", ...argv], { cwd });
    assert.equal(bad.status, 2, argv.join(" "));
    assert.equal(bad.stderr.trimEnd().split("\n").length, 1, bad.stderr);
  }
});

test("torn lines, absurd numbers, 10,000 columns and a log without numbers: each named at most once, nothing lost", async () => {
  const columns = Array.from({ length: 10_000 }, (_, index) => `m${index}`);
  const cwd = folderWith({
    "torn.jsonl": `${healthy}{"step": 200, "lo\n${log(201, 230, (step) => 1 / (step + 1))}{"step": 230, "loss": 0.0`,
    "absurd.jsonl": `${healthy}{"step": 1e400, "loss": 1e999}\n{"step": -5, "loss": -1e-400}\n${line(203, 0.1)}`,
    "wide.csv": [["step", ...columns], ...Array.from({ length: 5 }, (_, step) => [step, ...columns.map(() => 1)])]
      .map((row) => row.join(","))
      .join("\n"),
    // Lines longer than the 64 KiB by which a format is usually known.
    "wide.jsonl": Array.from(
      { length: 5 },
      (_, step) => `${JSON.stringify({ step, ...Object.fromEntries(columns.map((name) => [name, 1 / 3])) })}\n`,
    ).join(""),
    "words.log": "starting up\nno numbers here\n".repeat(20),
    "binary.log": new Uint8Array(4096).map((_, index) => (index * 7919) % 256),
    "good.jsonl": broken,
  });
  const files = ["torn.jsonl", "absurd.jsonl", "wide.csv", "wide.jsonl", "words.log", "binary.log", "good.jsonl"];
  const { stdout, stderr } = await run(["diagnose", "--format", "json", ...files], { cwd });
  const { runs } = JSON.parse(stdout);
  const byPath = new Map<string, { series: unknown[]; sources: { records: number }[]; verdicts: { kind: string }[] }>(
    runs.map((each: { sources: { path: string }[] }) => [each.sources[0]?.path, each]),
  );
  assert.equal(byPath.get("good.jsonl")?.verdicts[0]?.kind, "non-finite");
  assert.ok((byPath.get("torn.jsonl")?.sources[0]?.records ?? 0) >= 229);
  assert.ok((byPath.get("absurd.jsonl")?.sources[0]?.records ?? 0) >= 201);
  assert.equal(byPath.get("wide.csv")?.sources[0]?.records, 5);
  assert.equal(byPath.get("wide.jsonl")?.sources[0]?.records, 5);
  assert.equal(byPath.get("wide.jsonl")?.series.length, 10_000);
  for (const name of files) {
    const told = stderr.split("\n").filter((text) => text.includes(name));
    assert.ok(told.length <= 1, stderr);
  }
  assert.match(stderr, /words\.log/);
  assert.match(stderr, /torn\.jsonl/);
});

test("with the script, a verdict carries the findings that wait for it, with their fixes; check alone is silent", async () => {
  const spiked = log(0, 1000, (step) =>
    step >= 600 && step < 603 ? 60 : (0.2 + Math.exp(-step / 200)) * (1 + Math.sin(12.9898 * step) / 50),
  );
  const script = `import torch

optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for step, (x, y, paths) in enumerate(loader):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, loss.item())
`;
  const cwd = folderWith({ "metrics.jsonl": spiked, "train.py": script });
  const checked = await run(["check", "--format", "json", "train.py"], { cwd });
  assert.doesNotMatch(checked.stdout, /batch-not-identified|adam-state-not-logged|optimizer-reset/);
  const { stdout } = await run(["diagnose", "--format", "json", "--code", "train.py", "metrics.jsonl"], { cwd });
  const [verdict] = JSON.parse(stdout).runs[0].verdicts;
  assert.equal(verdict.kind, "loss-spike");
  const [finding] = verdict.findings;
  assert.equal(finding.code, "batch-not-identified");
  assert.deepEqual(finding.location, { row: 5, column: 1 });
  assert.equal(finding.fix.message, "Log the number of each batch and its samples");
  assert.equal(finding.fix.applicability, "unsafe");
  const text = await run(["diagnose", "--code", "train.py", "metrics.jsonl"], { cwd });
  assert.match(
    text.stdout,
    /Fix: Log the number of each batch and its samples \(batch-not-identified, train\.py:5:1\)/,
  );
  const off = folderWith({
    "metrics.jsonl": spiked,
    "train.py": script,
    "haywire.toml": '[rules]\nbatch-not-identified = "off"\n',
  });
  const silenced = await run(["diagnose", "--format", "json", "--code", "train.py", "metrics.jsonl"], { cwd: off });
  assert.deepEqual(JSON.parse(silenced.stdout).runs[0].verdicts[0].findings, []);
});
