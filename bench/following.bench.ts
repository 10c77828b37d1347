/** Following logs that grow: what it costs, and how soon a line that was written is a record. Another process writes them. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createMonitor } from "../server/monitor/createMonitor.ts";
import type { Monitor } from "../server/monitor/monitor.ts";
import type { RunView } from "../server/protocol.ts";
import { figure, median, quantile } from "./measure.ts";

/** Appends a line to each log ten times a second; `{}` in a line stands for the time of writing, in ms since 1970. */
const writer = `
const fs = require("fs");
const [folder, from, to, stride] = process.argv.slice(1);
let step = 1000;
setInterval(() => {
  step++;
  for (let run = +from; run < +to; run += +stride) {
    const row = { step, loss: 2 + Math.sin(step + run) / 9, grad_norm: 1 + Math.cos(step * run) / 5, written: Date.now() };
    fs.appendFileSync(folder + "/run" + run + "/metrics.jsonl", JSON.stringify(row) + "\\n");
  }
}, 100);
`;

const root = mkdtempSync(path.join(os.tmpdir(), "haywire-following-"));
try {
  await cost("following 200 logs at 10 lines/s each, of a core", { logs: 200, stride: 1 });
  await cost("following 1,000 logs of which 3 grow, of a core", { logs: 1000, stride: 400 });
  await delay();
  await appending();
} finally {
  rmSync(root, { recursive: true, force: true });
}

function logFolder(name: string, logs: number, rows: number): string {
  const folder = path.join(root, name);
  for (let run = 0; run < logs; run++) {
    mkdirSync(path.join(folder, `run${run}`), { recursive: true });
    writeFileSync(path.join(folder, `run${run}`, "metrics.jsonl"), rowsOf(rows));
  }
  return folder;
}

function rowsOf(count: number): string {
  const row = (step: number) => ({ step, loss: 2 + Math.sin(step) / 9, grad_norm: 1 + Math.cos(step) / 5, written: 0 });
  return Array.from({ length: count }, (_, step) => `${JSON.stringify(row(step))}\n`).join("");
}

function monitorOf(onRunChanged: (run: RunView) => void): Monitor {
  return createMonitor({ onRunChanged, onVerdict: () => {}, factsOf: async () => null });
}

function write(folder: string, logs: number, stride: number): ChildProcess {
  return spawn(process.execPath, ["-e", writer, folder, "0", String(logs), String(stride)], { stdio: "ignore" });
}

function seconds(count: number): Promise<unknown> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

/** Processor time that the monitor takes while the logs grow, as a share of one core. */
async function cost(name: string, { logs, stride }: { logs: number; stride: number }): Promise<void> {
  const folder = logFolder(name.replaceAll(/\W/g, ""), logs, 200);
  const monitor = monitorOf(() => {});
  await monitor.watch({ path: folder });
  const training = write(folder, logs, stride);
  await seconds(4);
  const records = () => monitor.runs().reduce((sum, run) => sum + (run.series[0]?.points ?? 0), 0);
  const before = records();
  const used = process.cpuUsage();
  const from = performance.now();
  await seconds(8);
  const { user, system } = process.cpuUsage(used);
  const share = (user + system) / 1000 / (performance.now() - from);
  const detail = `${((records() - before) / 8).toFixed(0)} records/s`;
  training.kill();
  await monitor.close();
  figure(name, share, 0.05, "×", detail);
}

/** From just before a line is written to its record. */
async function delay(): Promise<void> {
  const folder = logFolder("delay", 1, 200);
  const delays: number[] = [];
  const monitor = monitorOf(() => {});
  const runs = await monitor.watch({ path: folder });
  const runId = runs[0]?.id ?? "";
  const training = write(folder, 1, 1);
  let known = 0;
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    const range = { runId, series: ["written"], from: 1001, to: null, columns: 5000 };
    const values = monitor.range(range).series[0]?.values ?? [];
    for (const written of values.slice(known)) delays.push(Date.now() - (written ?? Number.NaN));
    known = values.length;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  training.kill();
  await monitor.close();
  const detail = `${delays.length} lines, median ${median(delays).toFixed(0)} ms`;
  figure("line written, record there, p95", quantile(delays, 0.95), 50, "ms", detail);
}

/** The same 1,000 lines behind a short and behind a long log. */
async function appending(): Promise<void> {
  const timeBehind = async (rows: number): Promise<number> => {
    const folder = logFolder(`appended${rows}`, 1, rows);
    const file = path.join(folder, "run0", "metrics.jsonl");
    const monitor = monitorOf(() => {});
    await monitor.watch({ path: folder });
    const points = () => monitor.runs()[0]?.series[0]?.points ?? 0;
    const used: number[] = [];
    for (let round = 1; round <= 9; round++) {
      const before = process.cpuUsage();
      appendFileSync(file, rowsOf(1000));
      while (points() < rows + round * 1000) await new Promise((resolve) => setTimeout(resolve, 5));
      const { user, system } = process.cpuUsage(before);
      used.push((user + system) / 1000);
    }
    await monitor.close();
    return median(used);
  };
  const short = await timeBehind(2_000);
  const long = await timeBehind(400_000);
  const detail = `1,000 lines behind 2,000: ${short.toFixed(1)} ms, behind 400,000: ${long.toFixed(1)} ms`;
  figure("appending to a long log / to a short one", long / short, 1.5, "×", detail);
}
