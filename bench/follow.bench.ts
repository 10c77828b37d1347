/** Following 200 live logs at 10 lines a second each: the share of a core that it takes, and how old a record is when it is read. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { followFile } from "../server/logs/followFile.ts";
import { createMonitor } from "../server/monitor/createMonitor.ts";
import { figure, quantile } from "./measure.ts";

const logs = 200;
const seconds = 10;
const warmUp = 3;

/** Another process writes, so that this one's time is the reader's; each line holds the time of its writing. */
const writer = `
import { openSync, writeSync } from "node:fs";
const [folder, logs, seconds] = process.argv.slice(1);
const files = Array.from({ length: Number(logs) }, (_, i) => openSync(folder + "/run" + i + ".jsonl", "a"));
let step = 0;
let next = 0;
const until = Date.now() + Number(seconds) * 1000;
const timer = setInterval(() => {
  if (Date.now() > until) return clearInterval(timer);
  for (let i = next; i < files.length; i += 10) {
    writeSync(files[i], JSON.stringify({ step, loss: 1 + Math.sin(step) / 9, lr: 3e-4, written: Date.now() }) + "\\n");
  }
  next = (next + 1) % 10;
  if (next === 0) step++;
}, 10);
`;

function write(folder: string, count: number, time: number): Promise<void> {
  return new Promise((resolve) => {
    const args = ["--input-type=module", "-e", writer, folder, String(count), String(time)];
    spawn(process.execPath, args, { stdio: "inherit" }).on("exit", () => resolve());
  });
}

const folder = mkdtempSync(path.join(tmpdir(), "haywire-bench-"));
const monitor = createMonitor({ factsOf: async () => null, onRunChanged: () => undefined, onVerdict: () => undefined });
try {
  for (let i = 0; i < logs; i++)
    writeFileSync(path.join(folder, `run${i}.jsonl`), '{"step": 0, "loss": 1.5, "lr": 0.1}\n');
  await monitor.watch({ path: folder });
  const writing = write(folder, logs, warmUp + seconds);
  await new Promise((resolve) => setTimeout(resolve, warmUp * 1000));
  const start = process.cpuUsage();
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, (seconds - 1) * 1000));
  const { user, system } = process.cpuUsage(start);
  const share = (user + system) / 1000 / (performance.now() - from);
  const read = monitor
    .runs()
    .reduce((sum, run) => sum + (run.series.find(({ name }) => name === "loss")?.points ?? 0), 0);
  figure("following 200 logs, share of a core", share, 0.05, "×", `10 lines a second each, ${read} points read`);
  await writing;
} finally {
  await monitor.close();
  rmSync(folder, { recursive: true });
}

const single = mkdtempSync(path.join(tmpdir(), "haywire-bench-"));
const ages: number[] = [];
const path0 = path.join(single, "run0.jsonl");
writeFileSync(path0, "");
let tail = "";
const follower = followFile(path0, {
  onBytes(bytes) {
    const lines = (tail + Buffer.from(bytes).toString("utf8")).split("\n");
    tail = lines.pop() ?? "";
    for (const line of lines) ages.push(Date.now() - JSON.parse(line).written);
  },
  onChange: () => undefined,
});
try {
  await write(single, 1, 8);
  await new Promise((resolve) => setTimeout(resolve, 500));
  figure(
    "line written → read",
    quantile(ages, 0.95),
    50,
    "ms",
    `p95 of ${ages.length} lines, 10 a second; median ${quantile(ages, 0.5)} ms`,
  );
} finally {
  await follower.close();
  rmSync(single, { recursive: true });
}
