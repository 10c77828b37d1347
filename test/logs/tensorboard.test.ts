import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { crc32c, maskedCrc32c } from "../../server/logs/crc32c.ts";
import { recognizeFormat } from "../../server/logs/index.ts";
import { tensorboard } from "../../server/logs/tensorboard.ts";
import { columnSums, everySplit, readAll, readInPieces, zooFile } from "./binaryLog.ts";
import { event, scalar, summary, version } from "./eventFile.ts";

const torchFile = "data-shift-tb/events.out.tfevents.1795499534.vm.19037.0";
const tensorFlowFile = "healthy-negative-nll-tf/events.out.tfevents.1795500522.vm.12200.0.v2";

function tensor(step: number, tag: string, proto: Uint8Array, plugin?: string): Buffer {
  return summary(step, tag, (value) => {
    value.tag(8, 2).bytes(proto);
    if (plugin === undefined) return value;
    const named = new BinaryWriter().tag(1, 2).string(plugin).finish();
    return value.tag(9, 2).bytes(new BinaryWriter().tag(1, 2).bytes(named).finish());
  });
}

function shaped(type: number, size: number | null, content: Uint8Array): Uint8Array {
  const dimension = new BinaryWriter()
    .tag(1, 0)
    .int64(size ?? 0)
    .finish();
  const shape = size === null ? new Uint8Array(0) : new BinaryWriter().tag(2, 2).bytes(dimension).finish();
  return new BinaryWriter().tag(1, 0).int32(type).tag(2, 2).bytes(shape).tag(4, 2).bytes(content).finish();
}

function steps(bytes: Uint8Array): string[] {
  return readAll(tensorboard, bytes).records.map(
    ({ step, values, restart }) => `${step} ${[...values].join(" ")}${restart === true ? " again" : ""}`,
  );
}

describe("TensorBoard event files", () => {
  it("have checksums as the format's own tests give them", () => {
    assert.equal(crc32c(new Uint8Array(32), 0, 32), 0x8a9136aa);
    const text = Buffer.from("\x1a\x11CRC test, one two", "latin1");
    assert.equal(maskedCrc32c(text, 0, text.length), 0x5794d08a);
  });

  // Counts, values and sums are those that tensorboard 2.21's EventAccumulator gives for these files.
  it("of torch.utils.tensorboard give the scalars that TensorBoard reads", () => {
    const { records, skipped } = readAll(tensorboard, zooFile(torchFile));
    assert.deepEqual(columnSums(records), {
      "train/loss": [480, 2.2993428707122803, 1.2374917268753052, 323.838945],
      "train/grad_norm": [480, 0.37219399213790894, 1.5077154636383057, 545.832914],
      "train/lr": [480, 0.0020000000949949026, 0.0020000000949949026, 0.96],
    });
    assert.equal(skipped, 0);
    assert.equal(
      records.reduce((sum, { step }) => sum + (step ?? Number.NaN), 0),
      3 * 574_800,
    );
    assert.equal(records[0]?.wallTime, 1795499534.870365);
    assert.equal(records.at(-1)?.endOffset, 72_004);
  });

  it("of tf.summary hold tensors whose plugin is named once", () => {
    const { records } = readAll(tensorboard, zooFile(tensorFlowFile));
    assert.deepEqual(columnSums(records), {
      nll: [500, 11.707759857177734, -4.011289596557617, -1019.480118],
      grad_norm: [500, 2.3076648712158203, 1.9600218534469604, 1452.2882],
    });
    assert.equal(records.at(-1)?.step, 2495);
  });

  it("of tensorboardX and of Lightning are read", () => {
    const tensorboardX = readAll(tensorboard, zooFile("reset-rescue/events.out.tfevents.1795499994.vm")).records;
    assert.deepEqual(
      columnSums(tensorboardX)["loss/train"],
      [360, 0.43776535987854004, 0.007125288248062134, 10.806207],
    );
    const path = "healthy-warm-restarts/events.out.tfevents.1795500063.vm.31805.0";
    const lightning = readAll(tensorboard, zooFile(path)).records;
    assert.deepEqual(columnSums(lightning)["val/loss"], [30, 0.7679495215415955, 0.1563851684331894, 5.722418]);
    assert.deepEqual(columnSums(lightning).hp_metric, [1, -1, -1, -1]);
    assert.ok(!lightning.some(({ restart }) => restart));
  });

  it("are recognized by their first record, whatever their name, and nothing else is", () => {
    assert.equal(recognizeFormat(zooFile(torchFile), "nohup.out")?.name, "tensorboard");
    assert.equal(recognizeFormat(new Uint8Array(64), "events.out.tfevents.1"), null);
    assert.equal(recognizeFormat(Buffer.from("step 1 loss 0.5\nstep 2 loss 0.4\n"), "a.tfevents.1")?.name, "text");
  });

  it("give the same records for every split", () => {
    everySplit(tensorboard, zooFile(torchFile).subarray(0, 3000), assert.deepEqual);
    everySplit(tensorboard, zooFile(tensorFlowFile).subarray(0, 3000), assert.deepEqual);
  });

  it("give the same records for every split when bytes of them are wrong", () => {
    for (const at of [30, 100, 108, 160, 171, 300]) {
      const damaged = Buffer.from(zooFile(torchFile).subarray(0, 1500));
      damaged[at] = (damaged[at] ?? 0) ^ 0x40;
      everySplit(tensorboard, damaged, assert.deepEqual);
    }
  });

  it("wait for the rest of a torn record", () => {
    const bytes = Buffer.concat([version, scalar(1, "loss", 0.5), scalar(2, "loss", 0.25)]);
    const reader = tensorboard.createReader();
    assert.equal(reader.push(bytes.subarray(0, bytes.length - 1)).length, 1);
    assert.deepEqual(reader.finish(), []);
    assert.equal(reader.push(bytes.subarray(bytes.length - 1)).length, 1);
    assert.equal(reader.skipped.count, 0);
  });

  it("lose one record to a wrong checksum of data, and all that follows to one of a length", () => {
    const parts = [version, scalar(1, "loss", 0.5), scalar(2, "loss", 0.25), scalar(3, "loss", 0.125)];
    const bytes = Buffer.concat(parts);
    const second = (parts[0]?.length ?? 0) + (parts[1]?.length ?? 0);
    const data = Buffer.from(bytes);
    data[second + 14] = 0xff;
    assert.deepEqual(steps(data), ["1 loss,0.5", "3 loss,0.125"]);
    assert.equal(readAll(tensorboard, data).why, "its checksum is wrong");
    const length = Buffer.from(bytes);
    length[second] = 0xff;
    assert.deepEqual(steps(length), ["1 loss,0.5"]);
    assert.match(readAll(tensorboard, length).why, /checksum of a length/);
  });

  it("end where zeros stand in place of a record", () => {
    const { records, skipped, why } = readAll(
      tensorboard,
      Buffer.concat([version, scalar(1, "loss", 0.5), Buffer.alloc(4096)]),
    );
    assert.equal(records.length, 1);
    assert.equal(skipped, 1);
    assert.match(why, /zeros/);
  });

  it("pass over images, histograms, text and graphs, which may be larger than what is read at a time", () => {
    const picture = new BinaryWriter().tag(1, 0).int32(9).tag(4, 2).bytes(new Uint8Array(200_000)).finish();
    const bytes = Buffer.concat([
      version,
      event(0, (writer) => writer.tag(4, 2).bytes(new Uint8Array(100_000))),
      summary(1, "picture", (value) => value.tag(4, 2).bytes(picture)),
      tensor(1, "note", shaped(7, null, Buffer.from("text")), "text"),
      tensor(1, "weights", shaped(2, 3, new Uint8Array(24)), "histograms"),
      tensor(2, "weights", shaped(1, null, new Uint8Array(4))),
      scalar(1, "loss", 0.5),
    ]);
    assert.deepEqual(steps(bytes), ["1 loss,0.5"]);
    const cuts = Array.from({ length: bytes.length / 1000 }, (_, i) => i * 1000);
    assert.deepEqual(readInPieces(tensorboard, bytes, cuts), readInPieces(tensorboard, bytes, []));
    assert.equal(readAll(tensorboard, bytes).skipped, 0);
  });

  it("hold numbers of every type that tensors have, NaN and infinities too", () => {
    const double = Buffer.alloc(8);
    double.writeDoubleLE(1 / 3);
    const listed = new BinaryWriter().tag(1, 0).int32(1).tag(5, 5).float(Number.NEGATIVE_INFINITY).finish();
    const packed = new BinaryWriter().tag(1, 0).int32(19).tag(13, 2).bytes(Uint8Array.of(0x80, 0x78)).finish();
    const bytes = Buffer.concat([
      version,
      tensor(1, "a", shaped(2, null, double)),
      tensor(1, "b", shaped(19, null, Uint8Array.of(0x00, 0x3e))),
      tensor(1, "c", shaped(14, 1, Uint8Array.of(0xc0, 0x3f))),
      tensor(1, "d", listed),
      tensor(1, "e", packed),
      tensor(1, "f", new BinaryWriter().tag(1, 0).int32(1).finish()),
      tensor(1, "g", shaped(1, 2, new Uint8Array(8))),
      scalar(1, "h", Number.NaN),
    ]);
    assert.deepEqual(steps(bytes), [
      `1 a,${1 / 3}`,
      "1 b,1.5",
      "1 c,1.5",
      "1 d,-Infinity",
      // 0x3c00, as a packed varint: 1.
      "1 e,1",
      "1 f,0",
      "1 h,NaN",
    ]);
  });

  it("may count each tag in its own unit; a tag that goes back begins the run again, once", () => {
    const bytes = Buffer.concat([
      version,
      scalar(100, "loss", 0.5),
      scalar(0, "epoch accuracy", 0.9),
      scalar(200, "loss", 0.4),
      scalar(1, "epoch accuracy", 0.95),
      scalar(150, "loss", 0.45),
      scalar(0, "epoch accuracy", 0.9),
      scalar(5_000_000_000, "loss", 0.25),
    ]);
    assert.deepEqual(steps(bytes), [
      "100 loss,0.5",
      `0 epoch accuracy,${Math.fround(0.9)}`,
      `200 loss,${Math.fround(0.4)}`,
      `1 epoch accuracy,${Math.fround(0.95)}`,
      `150 loss,${Math.fround(0.45)} again`,
      `0 epoch accuracy,${Math.fround(0.9)}`,
      "5000000000 loss,0.25",
    ]);
  });

  it("begin again where a second session starts", () => {
    const session = event(1, (writer) => writer.tag(7, 2).bytes(Uint8Array.of(8, 1)));
    const bytes = Buffer.concat([version, session, scalar(1, "loss", 0.5), session, scalar(1, "loss", 0.25)]);
    assert.deepEqual(steps(bytes), ["1 loss,0.5", "1 loss,0.25 again"]);
  });
});
