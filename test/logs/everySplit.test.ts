import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { csv } from "../../server/logs/csv.ts";
import { jsonl } from "../../server/logs/jsonl.ts";
import type { LogFormat, LogRecord } from "../../server/logs/logFormat.ts";
import { text } from "../../server/logs/text.ts";

function readWhole(format: LogFormat, bytes: Uint8Array): LogRecord[] {
  const reader = format.createReader();
  return [...reader.push(bytes), ...reader.finish()];
}

function readSplit(format: LogFormat, bytes: Uint8Array, cuts: readonly number[]): LogRecord[] {
  const reader = format.createReader();
  const records: LogRecord[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    records.push(...reader.push(bytes.subarray(from, cut)));
    from = cut;
  }
  records.push(...reader.finish());
  return records;
}

function plain(records: readonly LogRecord[]): unknown[] {
  return records.map((record) => ({ ...record, values: [...record.values].map(([k, v]) => [k, String(v)]) }));
}

function zoo(path: string, most: number): Uint8Array {
  return readFileSync(new URL(`../zoo/${path}`, import.meta.url)).subarray(0, most);
}

const samples: readonly (readonly [string, LogFormat, Uint8Array])[] = [
  ["JSONL with NaN", jsonl, zoo("nan-log-of-zero/train.jsonl", 30_000).subarray(-3000)],
  ["CSV with carriage returns", csv, zoo("keras-nan-stdout/epochs.csv", 3000)],
  ["piped prints", text, zoo("growth-long-warmup/train.log", 2500)],
  ["Python logging", text, zoo("spike-label-chunk/train.log", 2500)],
  ["Keras bars", text, zoo("healthy-step-decay-keras/stdout.txt", 3000)],
  ["tqdm bars", text, zoo("rnn-intermittent/progress.txt", 3000)],
  ["Hugging Face dictionaries", text, zoo("hf-growth-high-lr/stdout.txt", 2500)],
  ["UTF-16", text, Buffer.from("\ufeffstep 1 loss 0.5\r\nstep 2 loss 0.25\r\n", "utf16le")],
  ["UTF-16 without a mark", jsonl, Buffer.from('{"step": 1, "größe loss": 0.5}\n{"step": 2, "loss": 0.4}', "utf16le")],
  ["a byte order mark", csv, Buffer.from('\ufeffstep,"loss, mean"\n1,"0.5"\n\n2,NA\n', "utf8")],
  [
    "faulty UTF-8",
    text,
    Buffer.concat([
      Buffer.from("\xfd\xfe\xc3 step 1 | loss 0.5\n", "latin1"),
      Buffer.from("é 日本 step 2 | loss 0.4\n"),
    ]),
  ],
  ["returns alone", text, Buffer.from("step 1 | loss 0.5\rstep 2 | loss 0.4\rstep 3 | loss 0.3")],
];

describe("every split of the bytes gives the same records", () => {
  for (const [name, format, bytes] of samples) {
    it(name, () => {
      const whole = plain(readWhole(format, bytes));
      assert.ok(whole.length > 0, "the sample holds records");
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
          assert.deepEqual(plain(readSplit(format, bytes, cuts)), whole);
        }),
        { numRuns: 60 },
      );
      assert.deepEqual(
        plain(
          readSplit(
            format,
            bytes,
            Array.from(bytes, (_, i) => i),
          ),
        ),
        whole,
      );
    });
  }

  it("arbitrary text", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(
        "step 1 | loss 0.5",
        "loss: nan",
        '{"step": 2, "loss": Infinity}',
        "\r",
        "\n",
        "\x1b[1m 3/9",
        "\b\b",
        " 50%|#| 5/10 [00:01<00:01, 1.0it/s, loss=0.5]",
        "{'loss': '0.1', 'epoch': 1}",
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 8 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.join("\n"));
        for (const format of [text, jsonl, csv]) {
          const inside = cuts.map((cut) => Math.min(cut, bytes.length));
          assert.deepEqual(plain(readSplit(format, bytes, inside)), plain(readWhole(format, bytes)));
        }
      }),
      { numRuns: 200 },
    );
  });
});
