import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Verdict } from "../../server/detectors/verdict.ts";
import { createRunReading } from "../../server/monitor/runReading.ts";

function bytesOf(path: string): Uint8Array {
  return readFileSync(new URL(`../zoo/${path}`, import.meta.url));
}

function verdictsOf(path: string, pieces: (bytes: Uint8Array) => Uint8Array[] = (bytes) => [bytes]): Verdict[] {
  const reading = createRunReading(path, path, path);
  for (const piece of pieces(bytesOf(path))) {
    reading.push(piece);
  }
  reading.finish();
  return reading.findings.map(({ verdict }) => verdict);
}

/** Recorded runs that fail: the kind, the step at which it begins (known from how it was made, or read off) and how near is near. */
const failing: readonly (readonly [string, Verdict["kind"], number, number])[] = [
  ["nan-log-of-zero/train.jsonl", "non-finite", 228, 4],
  ["keras-nan-stdout/epochs.csv", "non-finite", 7, 0],
  ["keras-nan-stdout/stdout.txt", "non-finite", 8, 0],
  ["loss-scale-collapse/stdout.log", "non-finite", 901, 6],
  ["spike-label-chunk/train.log", "loss-spike", 1735, 5],
  ["rnn-intermittent/progress.txt", "loss-spike", 1343, 70],
  ["bad-shard-repeats/seed1.csv", "loss-spike", 137, 1],
  ["growth-long-warmup/train.log", "loss-growth", 1900, 200],
  // 10 optimizer steps are 0.008 epochs there.
  ["hf-growth-high-lr/stdout.txt", "loss-growth", 1620 * 0.0008, 90 * 0.0008],
  ["keras-diverges-at-once/history.csv", "loss-growth", 0, 1],
];

const healthy = [
  "healthy-small-batch/train.log",
  "healthy-step-decay-keras/history.csv",
  "healthy-step-decay-keras/stdout.txt",
  "healthy-curriculum/train.jsonl",
  "healthy-cosine-hf/stdout.txt",
  "healthy-accum-ddp/rank0.log",
];

describe("recorded runs", () => {
  for (const [path, kind, step, tolerance] of failing) {
    it(`finds ${kind} in ${path}`, () => {
      const found = verdictsOf(path).filter((verdict) => verdict.kind === kind);
      const near = found.find(({ onsetStep }) => Math.abs(onsetStep - step) <= tolerance);
      assert.ok(near, `found at ${found.map(({ onsetStep }) => onsetStep).join(", ") || "no step"}`);
      assert.ok(near.onsetRange[0] <= near.onsetStep && near.onsetStep <= near.onsetRange[1]);
      assert.ok(near.detectedStep >= near.onsetStep);
      assert.ok(near.evidence.length > 0);
    });
  }

  for (const path of healthy) {
    it(`stays silent on ${path}`, () => {
      assert.deepEqual(
        verdictsOf(path).map(({ kind, onsetStep }) => `${kind} at ${onsetStep}`),
        [],
      );
    });
  }

  it("says of a NaN after a healthy time nothing but that", () => {
    assert.deepEqual(
      verdictsOf("nan-log-of-zero/train.jsonl").map(({ kind }) => kind),
      ["non-finite"],
    );
  });
});

describe("verdicts of a growing log", () => {
  for (const [path] of failing) {
    it(`are those of the finished one, for any split of ${path}`, () => {
      const whole = verdictsOf(path);
      fc.assert(
        fc.property(fc.array(fc.nat(bytesOf(path).length), { maxLength: 30 }), (cuts) => {
          const split = verdictsOf(path, (bytes) => {
            const ends = [...cuts, bytes.length].sort((a, b) => a - b);
            return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : (ends[i - 1] ?? 0), end));
          });
          assert.deepEqual(split, whole);
        }),
        { numRuns: 5 },
      );
    });
  }
});
