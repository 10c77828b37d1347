import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { diagnoseLogs } from "../../server/monitor/diagnoseLogs.ts";
import { diagnosisJson, diagnosisText } from "../../server/report/diagnosisReport.ts";

const zoo = fileURLToPath(new URL("../zoo/", import.meta.url));

describe("diagnosing finished logs", () => {
  it("reports a run in the form that scripts rely on", async () => {
    const path = join(zoo, "nan-log-of-zero", "train.jsonl");
    const { value, problems } = await diagnoseLogs([path]);
    assert.deepEqual(problems, []);
    const [run] = value.runs;
    assert.deepEqual(run?.sources, [{ path, format: "jsonl", records: 435, skipped: 0 }]);
    assert.deepEqual(run?.steps, [4, 1740]);
    assert.deepEqual(run?.series[1], { name: "train/loss", role: "train-loss", points: 435 });
    const [verdict] = run?.verdicts ?? [];
    assert.equal(verdict?.kind, "non-finite");
    assert.equal(verdict?.onset_step, 228);
    assert.equal(verdict?.code, null);
    assert.deepEqual(JSON.parse(diagnosisJson(value)), value);
    assert.match(diagnosisText(value), /error: Loss is NaN since step 228/);
  });

  it("makes a run of each log of a folder, and says what was checked where nothing is found", async () => {
    const { value } = await diagnoseLogs([join(zoo, "healthy-small-batch"), join(zoo, "keras-nan-stdout")]);
    assert.deepEqual(
      value.runs.map(({ name, verdicts }) => [name, verdicts.map(({ kind }) => kind)]),
      [
        ["train.log", []],
        ["epochs.csv", ["non-finite"]],
        ["stdout.txt", ["non-finite"]],
      ],
    );
    assert.match(diagnosisText(value), /Nothing found \(\d+ checks ran\)/);
  });

  it("names a path that is not there and a log without numbers, and goes on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "haywire-diagnose-"));
    try {
      await writeFile(join(folder, "notes.txt"), "nothing here\n");
      await writeFile(join(folder, "run.jsonl"), '{"step": 1, "loss": 0.5}\n{"step": 2');
      const { value, problems } = await diagnoseLogs([join(folder, "absent.log"), folder]);
      assert.deepEqual(
        value.runs.map(({ name, sources }) => [name, sources[0]?.format, sources[0]?.records]),
        [
          ["notes.txt", "unknown", 0],
          ["run.jsonl", "jsonl", 1],
        ],
      );
      assert.deepEqual(
        problems.map(({ path }) => path.slice(folder.length + 1)),
        ["absent.log", "notes.txt", "run.jsonl"],
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
