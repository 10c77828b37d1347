import assert from "node:assert/strict";
import { appendFile, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { StoreRun } from "../../server/logs/logStore.ts";
import { createMonitor } from "../../server/monitor/createMonitor.ts";
import { diagnoseLogs } from "../../server/monitor/diagnoseLogs.ts";
import { findLogs } from "../../server/runs/findLogs.ts";
import { openStore } from "../../server/runs/openStore.ts";
import { scalar, version } from "./eventFile.ts";

let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "haywire-"));
});
after(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function look(path: string): Promise<{ name: string; runs: StoreRun[] }[]> {
  const found: { name: string; runs: StoreRun[] }[] = [];
  for (const log of await findLogs(join(folder, path))) {
    found.push({ name: log.name, runs: log.store === undefined ? [] : await openStore(log.path, log.store).look() });
  }
  return found;
}

function told(runs: readonly StoreRun[]): unknown[] {
  return runs.flatMap(({ records }) =>
    records.map(({ step, values, phase, restart }) => [
      step,
      Object.fromEntries(values),
      ...(phase === undefined ? [] : [phase]),
      ...(restart === true ? ["restart"] : []),
    ]),
  );
}

describe("a run of MLflow's file store", () => {
  it("is one run, its metrics in the order of their timestamps", async () => {
    const run = "mlruns/123/0a1b";
    await write(`${run}/meta.yaml`, "artifact_uri: x\nrun_id: 0a1b\nrun_name: calm-crow-7\nstatus: 1\n");
    await write(`${run}/metrics/train/loss`, "1000 2.5 0\n2000 nan 5\n");
    await write(`${run}/metrics/lr`, "1000 0.1 0\n2000 0.2 5\n1500 0.15");
    await write(`${run}/params/optimizer`, "adam");
    await write(`${run}/artifacts/notes.txt`, "loss: 0.5");
    const [log] = await findLogs(join(folder, "mlruns"));
    assert.deepEqual(log?.store, { kind: "mlflow-files" });
    const store = openStore(join(folder, run), { kind: "mlflow-files" });
    const [first] = await store.look();
    assert.deepEqual(told(first === undefined ? [] : [first]), [
      [0, { "train/loss": 2.5, lr: 0.1 }],
      [5, { "train/loss": Number.NaN, lr: 0.2 }],
    ]);
    assert.equal(first?.name, "calm-crow-7");
    assert.equal(first?.state, "running");
    assert.deepEqual([...(first?.settings ?? [])], [["optimizer", "adam"]]);
    await appendFile(join(folder, run, "metrics/lr"), " 10\n");
    await write(`${run}/meta.yaml`, "artifact_uri: x\nrun_id: 0a1b\nrun_name: calm-crow-7\nstatus: 3\n");
    const [second] = await store.look();
    assert.deepEqual(told(second === undefined ? [] : [second]), [[10, { lr: 0.15 }]]);
    assert.equal(second?.state, "finished");
    assert.deepEqual(await store.look(), []);
  });
});

describe("event files", () => {
  const bytes = (tag: string, steps: readonly number[]): Uint8Array =>
    Buffer.concat([version, ...steps.map((step) => scalar(step, tag, step / 2))]);

  it("of one folder are one run, and the later one's branch is kept beside the first", async () => {
    await write("resumed/events.out.tfevents.100.host", bytes("loss", [0, 1, 2, 3]));
    await write("resumed/events.out.tfevents.200.host", bytes("loss", [2, 3, 4]));
    const [log, ...others] = await look("resumed");
    assert.deepEqual(others, []);
    assert.deepEqual(told(log?.runs ?? []), [
      [0, { loss: 0 }],
      [1, { loss: 0.5 }],
      [2, { loss: 1 }],
      [3, { loss: 1.5 }],
      [2, { loss: 1 }, "restart"],
      [3, { loss: 1.5 }],
      [4, { loss: 2 }],
    ]);
  });

  it("of Keras's train and validation folders are one run", async () => {
    await write("keras/train/events.out.tfevents.100.host", bytes("epoch_loss", [0, 1]));
    await write("keras/validation/events.out.tfevents.100.host", bytes("epoch_loss", [0, 1]));
    const logs = await look("keras");
    assert.deepEqual(
      logs.map(({ name }) => name),
      ["keras"],
    );
    const { value } = await diagnoseLogs([join(folder, "keras")]);
    assert.deepEqual(
      value.runs[0]?.series.map(({ name, role }) => [name, role]),
      [
        ["epoch_loss", "train-loss"],
        ["val/epoch_loss", "val-loss"],
      ],
    );
  });

  it("of add_scalars are series of the run, and those of another run stay apart", async () => {
    await write("torch/events.out.tfevents.100.host", bytes("lr", [0]));
    await write("torch/loss_train/events.out.tfevents.100.host", bytes("loss", [0]));
    await write("torch/other_run/events.out.tfevents.100.host", bytes("loss", [0]));
    const logs = await look("torch");
    assert.deepEqual(
      logs.map(({ name, runs }) => [name, told(runs)]),
      [
        [
          "torch",
          [
            [0, { lr: 0 }],
            [0, { "loss/train": 0 }],
          ],
        ],
        ["other_run", [[0, { loss: 0 }]]],
      ],
    );
  });

  it("are followed as they grow, the second one too", async () => {
    const monitor = createMonitor({
      factsOf: async () => null,
      onRunChanged: () => undefined,
      onVerdict: () => undefined,
      pollInterval: 50,
    });
    const points = (): number => monitor.runs()[0]?.series[0]?.points ?? 0;
    const until = async (wanted: number): Promise<void> => {
      for (let waited = 0; points() < wanted && waited < 10_000; waited += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal(points(), wanted);
    };
    try {
      await write("live/events.out.tfevents.100.host", bytes("loss", [0, 1]));
      await monitor.watch({ path: join(folder, "live") });
      await until(2);
      await appendFile(join(folder, "live/events.out.tfevents.100.host"), scalar(2, "loss", 1));
      await until(3);
      await copyFile(
        join(folder, "live/events.out.tfevents.100.host"),
        join(folder, "live/events.out.tfevents.200.host"),
      );
      await until(6);
      assert.equal(monitor.runs().length, 1);
    } finally {
      await monitor.close();
    }
  });
});
