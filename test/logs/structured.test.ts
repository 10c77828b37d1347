import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csv } from "../../server/logs/csv.ts";
import { recognizeFormat } from "../../server/logs/index.ts";
import { jsonl } from "../../server/logs/jsonl.ts";
import type { LogFormat, LogRecord } from "../../server/logs/logFormat.ts";

function read(format: LogFormat, log: string): LogRecord[] {
  const reader = format.createReader();
  return [...reader.push(Buffer.from(log)), ...reader.finish()];
}

function values(format: LogFormat, log: string): Record<string, number>[] {
  return read(format, log).map((record) => Object.fromEntries(record.values));
}

describe("JSON lines", () => {
  it("reads bare NaN and infinities, nested objects, and strings that are numbers", () => {
    assert.deepEqual(
      values(
        jsonl,
        '{"step": 1, "loss": NaN, "note": "x: NaN, \\"Infinity\\""}\n{"step": 2, "train": {"loss": -Infinity, "acc": 0.5}}\n{"epoch": "4/300", "loss": "nan", "lr": [0.1, 0.1]}\n',
      ),
      [
        { step: 1, loss: Number.NaN },
        { step: 2, "train/loss": Number.NEGATIVE_INFINITY, "train/acc": 0.5 },
        { epoch: 4, loss: Number.NaN, lr: 0.1 },
      ],
    );
  });

  it("takes the phase from a field that names it", () => {
    assert.deepEqual(
      read(jsonl, '{"mode": "train", "iter": 50, "loss": 0.6}\n{"mode": "val", "iter": 50, "loss": NaN}\n').map(
        ({ phase }) => phase,
      ),
      ["train", "val"],
    );
  });

  it("skips a torn line in the middle, says where, and goes on", () => {
    const reader = jsonl.createReader();
    const records = reader.push(Buffer.from('{"step": 1, "loss": 1}\n{"step": 2, "lo\n\n{"step": 3, "loss": 1}\n'));
    assert.deepEqual(
      records.map(({ line, endOffset }) => [line, endOffset]),
      [
        [1, 23],
        [4, 63],
      ],
    );
    assert.deepEqual(reader.skipped, { count: 1, first: { line: 2, reason: "not a JSON object" } });
  });

  it("reads 10,000 columns", () => {
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`layer${i}/grad_norm`, i / 7]));
    const [record] = read(jsonl, `${JSON.stringify({ step: 1, ...wide })}\n`);
    assert.equal(record?.values.size, 10_001);
  });
});

describe("CSV", () => {
  it("reads quoted and padded names, empty and absent cells, blank lines, CR LF", () => {
    assert.deepEqual(values(csv, '  epoch,"loss, mean",  val_loss\r\n\r\n     0,"0.5",NA\r\n1,,inf\r\n'), [
      { epoch: 0, "loss, mean": 0.5 },
      { epoch: 1, val_loss: Number.POSITIVE_INFINITY },
    ]);
  });

  it("reads tabs and semicolons", () => {
    assert.deepEqual(values(csv, "step\tloss\n1\t0.5\n"), [{ step: 1, loss: 0.5 }]);
    assert.deepEqual(values(csv, "step;loss\n1;0.5\n"), [{ step: 1, loss: 0.5 }]);
  });

  it("takes a header in the middle for a run that was begun anew, with its columns", () => {
    const records = read(csv, "epoch,loss\n0,1\n1,0.5\nepoch,acc,loss\n0,0.1,0.9\n");
    assert.deepEqual(
      records.map(({ restart }) => restart ?? false),
      [false, false, true],
    );
    assert.deepEqual(Object.fromEntries(records[2]?.values ?? []), { epoch: 0, acc: 0.1, loss: 0.9 });
  });

  it("skips rows with more or fewer cells than names", () => {
    const reader = csv.createReader();
    assert.equal(reader.push(Buffer.from("a,b\n1,2,3\n1,2\n7\n")).length, 1);
    assert.equal(reader.skipped.count, 2);
  });
});

describe("recognizing a format", () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ["metrics.log", '{"step": 1, "loss": 0.5}\n{"step": 2, "loss": NaN}\n', "jsonl"],
    ["training.log", "epoch,acc,loss\n0,0.5,0.9\n1,0.6,0.8\n", "csv"],
    ["results.csv", "               epoch,      train/box_loss\n                   0,             0.12422\n", "csv"],
    ["run.csv", "step 10 | loss 2.5\nstep 20 | loss 2.4\n", "text"],
    ["out.txt", "Initializing a new model\niter 0: loss 0.8, time 0.8ms\n", "text"],
    ["notes.txt", "nothing to see\nin this file\n", null],
    ["empty.log", "", null],
    ["binary.log", "step 1 loss 0.5\n\u0000\u0001\u0002", null],
  ];
  for (const [name, head, expected] of cases) {
    it(`takes ${name} for ${expected ?? "unknown"}`, () => {
      assert.equal(recognizeFormat(Buffer.from(head), name)?.name ?? null, expected);
    });
  }

  it("knows UTF-16 text from binary", () => {
    const bytes = Buffer.from("\ufeffstep 1 | loss 0.5\r\nstep 2 | loss 0.4\r\n", "utf16le");
    assert.equal(recognizeFormat(bytes, "nohup.out")?.name, "text");
  });
});
