/** Reading JSONL, text and CSV logs against the least that anyone could do with the same bytes, and against CSV parsers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "csv-parse/sync";
import Papa from "papaparse";
import { csv } from "../server/logs/csv.ts";
import { jsonl } from "../server/logs/jsonl.ts";
import type { LogFormat } from "../server/logs/logFormat.ts";
import { text } from "../server/logs/text.ts";
import { figure, median, timed } from "./measure.ts";
import { peerNumber, peerPython } from "./peers.ts";

const lines = 500_000;
const rounds = 5;
const rows = Array.from({ length: lines }, (_, index) => ({
  step: (index + 1) * 10,
  loss: 2 + Math.exp(-index / 20_000) + Math.sin(index) / 50,
  gradientNorm: 1 + Math.abs(Math.sin(index * 7)) / 3,
  rate: 3e-4 * Math.cos((index / lines) * 1.5),
}));

const jsonlLog = rows
  .map((row) => `${JSON.stringify({ step: row.step, loss: row.loss, grad_norm: row.gradientNorm, lr: row.rate })}\n`)
  .join("");
const textLog = rows
  .map(
    (row) =>
      `step ${row.step} | loss: ${row.loss.toFixed(4)} | lr ${row.rate.toExponential(4)} | norm: ${row.gradientNorm.toFixed(4)} | dt: 401.20ms\n`,
  )
  .join("");

const csvLog = [
  "step,epoch,loss,grad_norm,lr,val_loss,acc,time\n",
  ...rows.map(
    (row, i) =>
      `${row.step},${i >> 10},${row.loss.toFixed(6)},${row.gradientNorm.toFixed(5)},${row.rate.toExponential(4)},,0.${i % 1000},${(i * 0.123).toFixed(3)}\n`,
  ),
].join("");

await compare("JSONL", jsonl, jsonlLog, "split + JSON.parse", (all) => {
  let count = 0;
  for (const line of all.split("\n")) if (line !== "") count += Object.keys(JSON.parse(line)).length > 0 ? 1 : 0;
  return count;
});
await compare("text", text, textLog, "split + one regular expression", (all) => {
  const pair = /([A-Za-z_/]+)[:= ]\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/g;
  let count = 0;
  for (const line of all.split("\n")) {
    const values = new Map<string, number>();
    for (const match of line.matchAll(pair)) values.set(match[1] ?? "", Number(match[2]));
    if (values.size > 0) count++;
  }
  return count;
});

const cells = { papaparse: (all: string) => Papa.parse(all, { skipEmptyLines: true }).data, "csv-parse": parse };
for (const [name, parser] of Object.entries(cells)) {
  await compare("CSV", csv, csvLog, name, (all) => parser(all).length - 1, 1);
}
const python = peerPython();
if (python !== null) {
  const folder = mkdtempSync(path.join(tmpdir(), "haywire-bench-"));
  const file = path.join(folder, "log.csv");
  writeFileSync(file, csvLog);
  const program =
    'import sys, time, pandas\nstart = time.perf_counter()\npandas.read_csv(sys.argv[1], engine="python")\nprint((time.perf_counter() - start) * 1000)';
  const theirs = peerNumber(python, program, [file]);
  const ours = median(await timed(3, 1, () => readBytes(csv, readFileSync(file))));
  figure(
    "reading CSV / pandas",
    ours / theirs,
    1,
    "×",
    `engine="python"; ${ours.toFixed(0)} ms, ${theirs.toFixed(0)} ms`,
  );
  rmSync(folder, { recursive: true });
}

function readBytes(format: LogFormat, bytes: Uint8Array): number {
  const reader = format.createReader();
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1 << 15) count += reader.push(bytes.subarray(at, at + (1 << 15))).length;
  return count + reader.finish().length;
}

async function compare(
  name: string,
  format: LogFormat,
  log: string,
  bareName: string,
  bare: (log: string) => number,
  bar = 1.3,
) {
  const bytes = new TextEncoder().encode(log);
  const decoder = new TextDecoder();
  const read = () => readBytes(format, bytes);
  if (read() !== lines || bare(log) !== lines)
    throw new Error(`${name}: ${read()} and ${bare(log)} of ${lines} records`);
  const ours: number[] = [];
  const theirs: number[] = [];
  // Taken in turn, so that a busy moment of the machine falls on both.
  for (let round = 0; round < rounds; round++) {
    ours.push(...(await timed(1, round === 0 ? 1 : 0, read)));
    theirs.push(...(await timed(1, round === 0 ? 1 : 0, () => bare(decoder.decode(bytes)))));
  }
  const detail = `${lines.toLocaleString("en-US")} lines; ${median(ours).toFixed(0)} ms, ${bareName} ${median(theirs).toFixed(0)} ms`;
  figure(`reading ${name} / ${bareName}`, median(ours) / median(theirs), bar, "×", detail);
}
