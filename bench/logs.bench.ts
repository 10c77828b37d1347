/** Reading JSONL and text logs against the least that anyone could do with the same bytes. */
import { jsonl } from "../server/logs/jsonl.ts";
import type { LogFormat } from "../server/logs/logFormat.ts";
import { text } from "../server/logs/text.ts";
import { figure, median, timed } from "./measure.ts";

const lines = 200_000;
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

async function compare(name: string, format: LogFormat, log: string, bareName: string, bare: (log: string) => number) {
  const bytes = new TextEncoder().encode(log);
  const decoder = new TextDecoder();
  const read = () => {
    const reader = format.createReader();
    let count = 0;
    for (let at = 0; at < bytes.length; at += 1 << 16) count += reader.push(bytes.subarray(at, at + (1 << 16))).length;
    return count + reader.finish().length;
  };
  if (read() !== lines || bare(log) !== lines)
    throw new Error(`${name}: ${read()} and ${bare(log)} of ${lines} records`);
  const ours: number[] = [];
  const theirs: number[] = [];
  // Taken in turn, so that a busy moment of the machine falls on both.
  for (let round = 0; round < 7; round++) {
    ours.push(...(await timed(1, round === 0 ? 1 : 0, read)));
    theirs.push(...(await timed(1, round === 0 ? 1 : 0, () => bare(decoder.decode(bytes)))));
  }
  const detail = `${lines.toLocaleString("en-US")} lines; ${median(ours).toFixed(0)} ms, ${bareName} ${median(theirs).toFixed(0)} ms`;
  figure(`reading ${name} / ${bareName}`, median(ours) / median(theirs), 2, "×", detail);
}
