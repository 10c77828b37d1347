/** Memory of a run of 10 M points in 4 series, and the time to the data of its first picture. */
import { appendRecord, createRun } from "../server/runs/growingRun.ts";
import { rangeOf } from "../server/runs/rangeOf.ts";
import { figure, median, timed } from "./measure.ts";

const points = 10_000_000;
const names = ["loss", "grad_norm", "lr", "val_loss"];
/** Pixels of a wide panel. */
const columns = 1600;

const memory = () => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const before = memory();
const run = createRun("bench", "bench");
for (let i = 0; i < points / names.length; i++) {
  const values = new Map(names.map((name, k) => [name, Math.exp(-i / 1e6) + Math.sin(i + k) / 50]));
  appendRecord(run, { values, line: i + 1, endOffset: i, step: i });
}
const bytes = (memory() - before) / points;
console.log(
  `${bytes <= 24 ? "ok  " : "OVER"}  memory of a run of ${points.toLocaleString("en-US")} points: ${bytes.toFixed(1)} bytes a point (bar 24)`,
);
if (bytes > 24) process.exitCode = 1;
const paint = () => [...run.series.values()].map((series) => rangeOf(series, null, null, columns));
const times = await timed(5, 0, paint);
figure("first picture's data of 10 M points", times[0] ?? 0, 300, "ms", `then ${median(times).toFixed(1)} ms`);
