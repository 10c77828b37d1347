import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { HyperparameterFact, ScalarValue } from "../../server/facts/trainingFacts.ts";
import { earlierOfLogged } from "../../server/snapshots/earlierOfRun.ts";
import { loggedHyperparameters } from "../../server/snapshots/loggedHyperparameters.ts";
import { folderWith } from "../cli/command.ts";

const read = async (files: Readonly<Record<string, string>>, within = ".") =>
  Object.fromEntries(
    (await loggedHyperparameters(path.join(folderWith(files), within))).map(({ name, value }) => [name, value]),
  );

/** A message of the one field given. */
function message(field: number, content: Uint8Array | string): Uint8Array {
  const writer = new BinaryWriter().tag(field, 2);
  return (typeof content === "string" ? writer.string(content) : writer.bytes(content)).finish();
}

const joined = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);

describe("settings that a run logged", () => {
  it("are read from Lightning's hparams.yaml, Python's tags and numbers such as 1e-3 included", async () => {
    const yaml =
      "lr: 1e-3\nargs: !!python/object:argparse.Namespace\n  batch_size: 64\n  amp: true\n  name: resnet\nlist: [1, 2]\n";
    assert.deepEqual(await read({ "version_0/hparams.yaml": yaml }), {
      lr: 0.001,
      "args.batch_size": 64,
      "args.amp": true,
      "args.name": "resnet",
    });
  });

  it("are read from wandb's config.yaml without its own entries", async () => {
    const yaml =
      "wandb_version: 1\n_wandb:\n  desc: null\n  value:\n    cli_version: 0.15\nlr:\n  desc: null\n  value: 0.01\noptimizer:\n  value:\n    eps: 1e-08\n";
    assert.deepEqual(await read({ "files/config.yaml": yaml }), { lr: 0.01, "optimizer.eps": 1e-8 });
  });

  it("are read from MLflow's params, JSON of arguments, and Trainer's state", async () => {
    assert.deepEqual(await read({ "run/params/lr": "0.02", "run/params/model": "vit", "run/metrics/lr": "5" }), {
      lr: 0.02,
      model: "vit",
    });
    assert.deepEqual(await read({ "args.json": '{"lr": 0.5, "sizes": [1]}', "results.json": '{"acc": 1}' }), {
      lr: 0.5,
    });
    const state =
      '{"num_train_epochs": 3, "train_batch_size": 8, "max_steps": 0, "global_step": 100, "log_history": []}';
    assert.deepEqual(await read({ "checkpoint-100/trainer_state.json": state }), {
      num_train_epochs: 3,
      train_batch_size: 8,
    });
  });

  it("are read from TensorBoard's hparams plugin", async () => {
    const entry = (name: string, value: Uint8Array) => message(1, joined(message(1, name), message(2, value)));
    const session = joined(
      entry("lr", new BinaryWriter().tag(2, 1).double(0.003).finish()),
      entry("model", message(3, "resnet")),
    );
    const plugin = message(1, joined(message(1, "hparams"), message(2, message(3, session))));
    const value = joined(message(1, "_hparams_/session_start_info"), message(9, plugin));
    const event = message(5, message(1, value));
    const header = Buffer.alloc(12);
    header.writeBigUInt64LE(BigInt(event.length));
    const folder = folderWith({});
    writeFileSync(path.join(folder, "events.out.tfevents.1"), joined(header, event, Buffer.alloc(4)));
    const found = await loggedHyperparameters(folder);
    assert.deepEqual(
      found.map(({ name, value }) => [name, value]),
      [
        ["lr", 0.003],
        ["model", "resnet"],
      ],
    );
  });

  it("are read from the records of a .wandb file, also over two blocks", async () => {
    const item = (key: string, json: string) => message(1, joined(message(1, key), message(16, json)));
    const long = item("note", JSON.stringify("x".repeat(40_000)));
    const record = message(
      17,
      message(4, joined(item("lr", "0.004"), item("net", '{"width": 12}'), item("_wandb", "{}"), long)),
    );
    const bytes: Uint8Array[] = [Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0)];
    const room = 32_768 - 7 - 7;
    const chunk = (type: number, data: Uint8Array) => {
      const header = Buffer.alloc(7);
      header.writeUInt16LE(data.length, 4);
      header[6] = type;
      bytes.push(header, data);
    };
    chunk(2, record.subarray(0, room));
    chunk(4, record.subarray(room));
    const folder = folderWith({});
    writeFileSync(path.join(folder, "run-x.wandb"), joined(...bytes));
    const found = new Map((await loggedHyperparameters(folder)).map(({ name, value }) => [name, value]));
    assert.deepEqual([found.get("lr"), found.get("net.width"), found.size], [0.004, 12, 3]);
  });

  it("are none in what is torn or something else", async () => {
    assert.deepEqual(await read({ "hparams.yaml": "{", "config.json": "[", "a.wandb": "x", tfevents: "short" }), {});
    assert.deepEqual(await loggedHyperparameters("/no/such/place"), []);
  });
});

describe("settings of a log", () => {
  const fact = (name: string, value: ScalarValue): HyperparameterFact => ({
    name,
    value,
    start: 0,
    end: 1,
    valueRange: { start: 0, end: 1 },
    valueText: String(value),
  });
  const logged = (values: Readonly<Record<string, ScalarValue>>) =>
    Object.entries(values).map(([name, value]) => ({ name, value, source: "hparams.yaml" }));
  const paired = (values: Readonly<Record<string, ScalarValue>>, facts: readonly HyperparameterFact[]) =>
    earlierOfLogged(logged(values), facts).map(({ name, value }) => [name, value]);

  it("belong to the code's by whole name, by last part and by what a name is usually short for", () => {
    assert.deepEqual(paired({ lr: 0.1, "train/batch-size": 8 }, [fact("args.lr", 1), fact("BATCH_SIZE", 2)]), [
      ["args.lr", 0.1],
      ["BATCH_SIZE", 8],
    ]);
    assert.deepEqual(paired({ lr: 0.1 }, [fact("optimizer.learningRate", 1)]), [["optimizer.learningRate", 0.1]]);
  });

  it("belong to none where two could be meant, or where the kind of value differs", () => {
    assert.deepEqual(paired({ lr: 0.1 }, [fact("critic.learningRate", 1), fact("actor.learningRate", 1)]), []);
    assert.deepEqual(paired({ "a.lr": 0.1, "b.lr": 0.2 }, [fact("optimizer.learningRate", 1)]), []);
    assert.deepEqual(paired({ seed: "random" }, [fact("seed", 1)]), []);
  });
});
