import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { recognizeFormat } from "../../server/logs/index.ts";
import { trainerState } from "../../server/logs/trainerState.ts";
import { diagnoseLogs } from "../../server/monitor/diagnoseLogs.ts";
import { findLogs } from "../../server/runs/findLogs.ts";
import { columnSums, everySplit, readAll, zooFile } from "./binaryLog.ts";

const grown = "hf-growth-high-lr/trainer_state.json";

describe("trainer_state.json", () => {
  // Counts, values and sums are those of Python's json.
  it("gives a record for each entry of log_history", () => {
    const { records, skipped } = readAll(trainerState, zooFile(grown));
    assert.equal(records.length, 241);
    assert.deepEqual(columnSums(records).loss, [240, 2.362094688415527, 1.6430913925170898, 300.92579]);
    assert.deepEqual([records[0]?.values.get("step"), records.at(-1)?.values.get("step")], [10, 2400]);
    assert.equal(skipped, 0);
    const healthy = readAll(trainerState, zooFile("healthy-cosine-hf/trainer_state.json")).records;
    assert.deepEqual(columnSums(healthy).loss, [150, 0.6923393249511719, 0.07094357013702393, 22.567186]);
    assert.equal(columnSums(healthy).eval_loss?.[0], 8);
  });

  it("is recognized by its keys from its second line on", () => {
    const bytes = zooFile(grown);
    assert.equal(recognizeFormat(bytes, "state.txt")?.name, "trainer-state");
    const secondLine = bytes.indexOf(0x0a, bytes.indexOf(0x0a) + 1) + 1;
    assert.equal(recognizeFormat(bytes.subarray(0, secondLine), "trainer_state.json")?.name, "trainer-state");
    assert.notEqual(recognizeFormat(Buffer.from('{"epoch": 1, "loss": 2}\n'), "log.jsonl")?.name, "trainer-state");
  });

  it("gives the same records for every split, and those of a file that is cut", () => {
    everySplit(trainerState, zooFile(grown).subarray(0, 2000), assert.deepEqual);
    assert.ok(readAll(trainerState, zooFile(grown).subarray(0, 2000)).records.length > 3);
  });

  it("reads bare NaN and infinities, and texts that hold brackets", () => {
    const text =
      '{"best_metric": null, "note": "[{\\"log_history\\": [", "log_history": [{"loss": NaN, "grad_norm": Infinity, "step": 1, "s": "}]{"}, {"loss": 0.0, "step": 2}], "args": [{"loss": 7}]}';
    assert.deepEqual(
      readAll(trainerState, Buffer.from(text)).records.map(({ values }) => Object.fromEntries(values)),
      [
        { loss: Number.NaN, grad_norm: Number.POSITIVE_INFINITY, step: 1 },
        { loss: 0, step: 2 },
      ],
    );
  });

  it("of all checkpoints of a run is one run: the newest", async () => {
    const folder = await mkdtemp(join(tmpdir(), "haywire-"));
    try {
      const state = (step: number): string =>
        JSON.stringify({ best_metric: null, global_step: step, log_history: [{ loss: 1, step }] }, null, 2);
      for (const step of [500, 1000]) {
        await mkdir(join(folder, "out", `checkpoint-${step}`), { recursive: true });
        await writeFile(join(folder, "out", `checkpoint-${step}`, "trainer_state.json"), state(step));
      }
      assert.deepEqual(
        (await findLogs(folder)).map(({ name }) => name),
        ["out/checkpoint-1000/trainer_state.json"],
      );
      await writeFile(join(folder, "out", "trainer_state.json"), state(1000));
      await mkdir(join(folder, "run"));
      await mkdir(join(folder, "run", "logs"));
      await writeFile(join(folder, "run", "run-1.wandb"), "");
      await writeFile(join(folder, "run", "logs", "debug.log"), "");
      await writeFile(join(folder, "events.out.tfevents.1.host.1.0"), "");
      await writeFile(join(folder, "events.out.tfevents.1.host.profile-empty"), "");
      assert.deepEqual(
        (await findLogs(folder)).map(({ name }) => name),
        [basename(folder), "out/trainer_state.json", "run/run-1.wandb"],
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("leads to the same verdict as event files do: on their own steps, with their roles", async () => {
    const path = (name: string): string => new URL(`../zoo/${name}`, import.meta.url).pathname;
    const paths = [grown, "reset-rescue/events.out.tfevents.1795499994.vm", "healthy-gan/run-46mkbib9.wandb"].map(path);
    const { value, problems } = await diagnoseLogs(paths);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      value.runs.map(({ steps, sources }) => [sources[0]?.format, sources[0]?.records, ...steps]),
      [
        ["trainer-state", 241, 10, 2400],
        ["tensorboard", 1080, 10, 3600],
        ["wandb", 250, 0, 2490],
      ],
    );
    const roles = value.runs.map(({ series }) => series.map(({ name, role }) => `${name} ${role}`).sort());
    assert.ok(roles[0]?.includes("loss train-loss"));
    assert.deepEqual(roles[1], ["loss/train train-loss", "optim/grad_norm grad-norm", "optim/lr learning-rate"]);
    const [hf, torch, gan] = value.runs.map(({ verdicts }) => verdicts);
    const growth = hf?.find(({ kind }) => kind === "loss-growth");
    assert.ok(Math.abs((growth?.onset_step ?? Number.NaN) - 1620) <= 90);
    const jump = torch?.find(({ kind }) => kind === "loss-growth");
    assert.ok(Math.abs((jump?.onset_step ?? Number.NaN) - 1300) <= 10);
    assert.deepEqual(gan, []);
  });
});
