import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { recognizeFormat } from "../../server/logs/index.ts";
import { wandb } from "../../server/logs/wandb.ts";
import { columnSums, everySplit, readAll, readInPieces, zooFile } from "./binaryLog.ts";
import { chunk, header, history, record } from "./wandbFile.ts";

const ganFile = "healthy-gan/run-46mkbib9.wandb";
const file = (...records: readonly Uint8Array[]): Buffer =>
  Buffer.concat([header, ...records.map((bytes) => chunk(1, bytes))]);

function said(bytes: Uint8Array): unknown[] {
  return readAll(wandb, bytes).records.map(({ step, values }) => [step, Object.fromEntries(values)]);
}

describe("wandb files", () => {
  // Counts, values and sums are those of the messages read with wandb 0.31's own protobuf classes.
  it("give the history that wandb wrote, and the exit status", () => {
    const { records, skipped } = readAll(wandb, zooFile(ganFile));
    assert.deepEqual(columnSums(records), {
      "loss/D": [250, 1.399251937866211, 1.2664514780044556, 320.209095],
      "loss/G": [250, 0.6762032508850098, 0.901925802230835, 243.135996],
      "grad_norm/D": [250, 0.3156649172306061, 0.7179853320121765, 273.983435],
      "grad_norm/G": [250, 0.08536147326231003, 1.0084822177886963, 357.646219],
      radius: [250, 0.13008980453014374, 0.910331130027771, 265.392288],
    });
    assert.equal(skipped, 0);
    assert.equal(
      records.reduce((sum, { step }) => sum + (step ?? 0), 0),
      311_250,
    );
    assert.equal(records[0]?.wallTime, 1795500127.4014738);
    assert.equal(records.at(-1)?.exitStatus, 0);
  });

  it("are recognized by their header", () => {
    assert.equal(recognizeFormat(zooFile(ganFile), "x.log")?.name, "wandb");
    assert.equal(recognizeFormat(Buffer.from(":W&B is not the header\nof this\n"), "run-1.wandb")?.name ?? null, null);
  });

  it("give the same records for every split", () => {
    everySplit(wandb, zooFile(ganFile).subarray(0, 4000), assert.deepEqual);
  });

  it("join a record of several chunks and pass over the padding of a block, for every split", () => {
    const first = history({ _step: "1", "loss mean": "0.5" });
    const second = history({ _step: "2", loss: "0.25" });
    // Four bytes of the first block are left behind the second chunk: fewer than a chunk's header.
    const size = 32_768 - 4 - header.length - 7 - (7 + first.length);
    const other = record(13, new Uint8Array(size - 4));
    assert.equal(other.length, size);
    const bytes = Buffer.concat([
      header,
      chunk(1, other),
      chunk(1, first),
      Buffer.alloc(4),
      chunk(2, second.subarray(0, 5)),
      chunk(3, second.subarray(5, 9)),
      chunk(4, second.subarray(9)),
    ]);
    assert.deepEqual(said(bytes), [
      [1, { "loss.mean": 0.5 }],
      [2, { loss: 0.25 }],
    ]);
    const whole = readInPieces(wandb, bytes, []);
    for (let cut = 32_680; cut < bytes.length; cut++) {
      assert.deepEqual(readInPieces(wandb, bytes, [cut, cut + 3]), whole);
    }
  });

  it("hold NaN and infinities, bare or quoted, nested keys and dictionaries; media and texts are no numbers", () => {
    const bytes = file(
      history({ _step: "0", loss: "NaN", peak: '"Infinity"', low: "-Infinity", "grad norm": "1e-3" }),
      history({
        _step: "1",
        eval: '{"loss": 2, "by": {"cls": 3}}',
        note: '"0.5"',
        h: '{"_type": "histogram", "n": 1}',
      }),
    );
    assert.deepEqual(said(bytes), [
      [0, { loss: Number.NaN, peak: Number.POSITIVE_INFINITY, low: Number.NEGATIVE_INFINITY, "grad.norm": 0.001 }],
      [1, { "eval.loss": 2, "eval.by.cls": 3 }],
    ]);
  });

  it("count by the column that the run named for all others", () => {
    const named = new BinaryWriter().tag(2, 2).string("*").tag(4, 2).string("train/global_step").finish();
    const bytes = file(
      record(12, named),
      history({ "train/loss": "2", "train/global_step": "10", _step: "0" }),
      history({ speed: "3", _step: "1" }),
      history({ "train/loss": "1", "train/global_step": "20", _step: "2" }),
    );
    assert.deepEqual(
      readAll(wandb, bytes).records.map(({ step }) => step),
      [10, 10, 20],
    );
  });

  it("lose one record to a wrong checksum and wait for the rest of a torn one", () => {
    const bytes = file(
      history({ _step: "0", loss: "3" }),
      history({ _step: "1", loss: "2" }),
      history({ _step: "2", loss: "1" }),
    );
    const size = (bytes.length - header.length) / 3;
    const damaged = Buffer.from(bytes);
    damaged[header.length + size + 10] = 0xff;
    assert.deepEqual(said(damaged), [
      [0, { loss: 3 }],
      [2, { loss: 1 }],
    ]);
    assert.equal(readAll(wandb, damaged).why, "its checksum is wrong");
    everySplit(wandb, damaged, assert.deepEqual);
    const reader = wandb.createReader();
    assert.equal(reader.push(bytes.subarray(0, bytes.length - 3)).length, 2);
    assert.deepEqual(reader.finish(), []);
    assert.equal(reader.push(bytes.subarray(bytes.length - 3)).length, 1);
  });

  it("go on behind zeros and behind a wrong length at the next block", () => {
    const block = Buffer.alloc(32_768);
    file(history({ _step: "0", loss: "3" })).copy(block);
    const next = chunk(1, history({ _step: "1", loss: "2" }));
    const both = [
      [0, { loss: 3 }],
      [1, { loss: 2 }],
    ];
    assert.deepEqual(said(Buffer.concat([block, next])), both);
    block.fill(0xee, 200, 300);
    const at = file(history({ _step: "0", loss: "3" })).length;
    block.fill(0xff, at, at + 7);
    assert.deepEqual(said(Buffer.concat([block, next])), both);
    assert.equal(readAll(wandb, Buffer.concat([block, next])).why, "a length is wrong");
  });

  it("of a run that failed say so", () => {
    const failed = file(history({ _step: "0", loss: "3" }), record(18, new BinaryWriter().tag(1, 0).int32(1).finish()));
    assert.equal(readAll(wandb, failed).records.at(-1)?.exitStatus, 1);
  });
});
