import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csv } from "../../server/logs/csv.ts";
import { jsonl } from "../../server/logs/jsonl.ts";
import type { LogFormat, LogRecord } from "../../server/logs/logFormat.ts";
import { tensorboard } from "../../server/logs/tensorboard.ts";
import { text } from "../../server/logs/text.ts";
import { trainerState } from "../../server/logs/trainerState.ts";
import { wandb } from "../../server/logs/wandb.ts";
import { appendRecord, createRun } from "../../server/runs/growingRun.ts";
import { scalar, version } from "./eventFile.ts";
import { chunk, header, history } from "./wandbFile.ts";

/** A small log of a format: what stands before its records, a record a step, and what stands behind them. */
interface Sample {
  readonly format: LogFormat;
  readonly before: Buffer;
  readonly record: (step: number) => Buffer;
  readonly behind: Buffer;
  readonly isText: boolean;
}

const none = Buffer.alloc(0);
const samples = {
  text: {
    format: text,
    before: Buffer.from("loading data\n"),
    record: (step) => Buffer.from(`step ${step} | loss ${1 / step} | lr 0.1\n`),
    behind: none,
    isText: true,
  },
  jsonl: {
    format: jsonl,
    before: none,
    record: (step) => Buffer.from(`{"step": ${step}, "loss": ${1 / step}, "lr": 0.1}\n`),
    behind: none,
    isText: true,
  },
  csv: {
    format: csv,
    before: Buffer.from("step,loss,lr\n"),
    record: (step) => Buffer.from(`${step},${1 / step},0.1\n`),
    behind: none,
    isText: true,
  },
  "trainer-state": {
    format: trainerState,
    before: Buffer.from('{\n "best_metric": null,\n "log_history": [\n'),
    record: (step) => Buffer.from(`  {"loss": ${1 / step}, "step": ${step}}${step === 5 ? "" : ","}\n`),
    behind: Buffer.from(' ],\n "max_steps": 5\n}\n'),
    isText: true,
  },
  tensorboard: {
    format: tensorboard,
    before: version,
    record: (step) => scalar(step, "loss", 1 / step),
    behind: none,
    isText: false,
  },
  wandb: {
    format: wandb,
    before: header,
    record: (step) => chunk(1, history({ _step: `${step}`, loss: `${1 / step}` })),
    behind: none,
    isText: false,
  },
} as const satisfies Record<string, Sample>;

type FormatName = keyof typeof samples;
const names: readonly FormatName[] = ["text", "jsonl", "csv", "trainer-state", "tensorboard", "wandb"];
const steps = [1, 2, 3, 4, 5];

/** What is read: steps in their order (`|` where the run begins again), and how many lines or records could not be read. */
interface Told {
  readonly steps: string;
  readonly skipped: number;
}

/** Feeds pieces; `null` stands for a file that is begun anew. */
function read(format: LogFormat, pieces: readonly (Uint8Array | null)[]): Told {
  const reader = format.createReader();
  const records: LogRecord[] = [];
  for (const piece of pieces) {
    if (piece === null) {
      records.push(...reader.finish());
      reader.beginAgain?.();
    } else {
      records.push(...reader.push(piece));
    }
  }
  records.push(...reader.finish());
  const run = createRun("log", "log");
  const told = records.map((record) => {
    const { step, restarted } = appendRecord(run, record);
    return `${restarted ? "| " : ""}${step}`;
  });
  return { steps: told.join(" "), skipped: reader.skipped.count };
}

const whole = (sample: Sample): Buffer =>
  Buffer.concat([sample.before, ...steps.map((step) => sample.record(step)), sample.behind]);

const all = "1 2 3 4 5";
const twice = "1 2 3 4 5 | 1 2 3 4 5";
const told = (read: string, skipped = 0): Told => ({ steps: read, skipped });

interface Fault {
  readonly name: string;
  readonly pieces: (sample: Sample) => (Uint8Array | null)[];
  readonly expected: Readonly<Record<FormatName, Told | null>>;
}

const same = (expected: Told): Record<FormatName, Told> => ({
  text: expected,
  jsonl: expected,
  csv: expected,
  "trainer-state": expected,
  tensorboard: expected,
  wandb: expected,
});

/** `null` where a fault cannot be in a format. */
const faults: readonly Fault[] = [
  { name: "no fault", pieces: (sample) => [whole(sample)], expected: same(told(all)) },
  { name: "an empty file", pieces: () => [none], expected: same(told("")) },
  {
    name: "a record that is torn, then whole",
    pieces: (sample) => {
      const bytes = whole(sample);
      const at = Buffer.concat([sample.before, sample.record(1), sample.record(2)]).length + 9;
      return [bytes.subarray(0, at), bytes.subarray(at)];
    },
    expected: same(told(all)),
  },
  {
    name: "a last record that is torn for good",
    pieces: (sample) => [
      Buffer.concat([
        sample.before,
        ...steps.slice(0, 4).map((step) => sample.record(step)),
        sample.record(5).subarray(0, 7),
      ]),
    ],
    expected: {
      // A row that has all its cells is read: files without a last line end are common, and a torn number cannot be told.
      text: told("1 2 3 4"),
      jsonl: told("1 2 3 4", 1),
      csv: told(all),
      "trainer-state": told("1 2 3 4"),
      tensorboard: told("1 2 3 4"),
      wandb: told("1 2 3 4"),
    },
  },
  {
    name: "a bit that is wrong in the third record",
    pieces: (sample) => {
      const third = Buffer.from(sample.record(3));
      const at = third.length - 6;
      third[at] = (third[at] ?? 0) ^ 0x80;
      return [
        Buffer.concat([
          sample.before,
          ...steps.map((step) => (step === 3 ? third : sample.record(step))),
          sample.behind,
        ]),
      ];
    },
    expected: {
      // It falls into the last number: of text and cells only that number is lost.
      text: told(all),
      jsonl: told("1 2 4 5", 1),
      csv: told(all),
      "trainer-state": told("1 2 4 5", 1),
      tensorboard: told("1 2 4 5", 1),
      wandb: told("1 2 4 5", 1),
    },
  },
  {
    name: "noise between two records",
    pieces: (sample) => {
      const noise = Buffer.concat([Buffer.alloc(40, 0xf5), sample.isText ? Buffer.from("\n") : none]);
      const [first, second, ...others] = steps.map((step) => sample.record(step));
      return [Buffer.concat([sample.before, first ?? none, second ?? none, noise, ...others, sample.behind])];
    },
    expected: {
      text: told(all),
      jsonl: told(all, 1),
      csv: told(all, 1),
      "trainer-state": told(all),
      // A wrong length leaves nothing to find the next record by; in wandb's blocks the next block goes on.
      tensorboard: told("1 2", 1),
      wandb: told("1 2", 0),
    },
  },
  {
    name: "zeros behind the end, as a crashed machine leaves them",
    pieces: (sample) => [Buffer.concat([whole(sample), Buffer.alloc(64)])],
    expected: {
      text: told(all),
      jsonl: told(all, 1),
      csv: told(all, 1),
      "trainer-state": told(all),
      tensorboard: told(all, 1),
      wandb: told(all),
    },
  },
  {
    name: "a second run appended to the file",
    pieces: (sample) => [whole(sample), whole(sample)],
    expected: {
      text: told(twice),
      jsonl: told(twice),
      csv: told(twice),
      "trainer-state": told(twice),
      tensorboard: told(twice),
      wandb: null,
    },
  },
  {
    name: "a file begun anew within a record",
    pieces: (sample) => [
      Buffer.concat([sample.before, sample.record(1), sample.record(2), sample.record(3).subarray(0, 9)]),
      null,
      whole(sample),
    ],
    expected: {
      text: told("1 2 | 1 2 3 4 5"),
      jsonl: told("1 2 | 1 2 3 4 5", 1),
      csv: told("1 2 | 1 2 3 4 5", 1),
      "trainer-state": told("1 2 | 1 2 3 4 5"),
      tensorboard: told("1 2 | 1 2 3 4 5"),
      wandb: told("1 2 | 1 2 3 4 5"),
    },
  },
  {
    name: "line ends of Windows, and empty lines",
    pieces: (sample) => [Buffer.from(whole(sample).toString("latin1").replaceAll("\n", "\r\n\r\n"), "latin1")],
    expected: { ...same(told(all)), tensorboard: null, wandb: null },
  },
  {
    name: "UTF-16, as PowerShell redirects",
    pieces: (sample) => [Buffer.from(`\ufeff${whole(sample).toString("latin1")}`, "utf16le")],
    expected: {
      text: told(all),
      jsonl: told(all),
      csv: told(all),
      "trainer-state": null,
      tensorboard: null,
      wandb: null,
    },
  },
  {
    name: "a line of a megabyte between two records",
    pieces: (sample) => {
      const line = `${"[(".repeat(1 << 19)}\n`;
      const [first, ...others] = steps.map((step) => sample.record(step));
      return [Buffer.concat([sample.before, first ?? none, Buffer.from(line), ...others, sample.behind])];
    },
    expected: {
      text: told(all, 1),
      jsonl: told(all, 1),
      csv: told(all, 1),
      "trainer-state": null,
      tensorboard: null,
      wandb: null,
    },
  },
];

for (const fault of faults) {
  describe(`a log with ${fault.name}`, () => {
    for (const name of names) {
      const expected = fault.expected[name];
      if (expected !== null) {
        it(`of ${name} gives ${expected.steps === "" ? "nothing" : expected.steps}`, () => {
          const start = performance.now();
          const sample: Sample = samples[name];
          assert.deepEqual(read(sample.format, fault.pieces(sample)), expected);
          assert.ok(performance.now() - start < 5000);
        });
      }
    }
  });
}
