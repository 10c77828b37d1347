/**
 * `haywire check` against `ruff check --no-cache` over one folder, each as a fresh process, in turns. The folder is the first
 * argument or HAYWIRE_BENCH_FOLDER: a few thousand files of Python, such as unpacked wheels, not installed ones.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import path from "node:path";
import { figure, median } from "./measure.ts";

const rounds = 5;
const bundle = path.resolve(import.meta.dirname, "../dist/cli.mjs");
const given = process.argv[2] ?? process.env.HAYWIRE_BENCH_FOLDER;

if (given === undefined) console.log("skipped: no folder is given (HAYWIRE_BENCH_FOLDER or the first argument)");
else if (spawnSync("ruff", ["--version"]).status !== 0) console.log("skipped: ruff is not on the PATH");
else compare(path.resolve(given));

function compare(folder: string): void {
  const ours: number[] = [];
  const theirs: number[] = [];
  // The first round warms the disk's cache.
  for (let round = 0; round <= rounds; round++) {
    const haywire = seconds(process.execPath, [bundle, "check", "--format", "json", "--exit-zero", "."], folder);
    const ruff = seconds("ruff", ["check", "--no-cache", "--quiet", "--exit-zero", "--isolated", "."], folder);
    if (round === 0) continue;
    ours.push(haywire);
    theirs.push(ruff);
  }
  figure(
    "haywire check / ruff check --no-cache, wall time",
    median(ours) / median(theirs),
    1.5,
    "×",
    `haywire ${median(ours).toFixed(2)} s, ruff ${median(theirs).toFixed(2)} s, medians of ${rounds}; ${availableParallelism()} cores; ${folder}`,
  );
}

function seconds(command: string, argv: readonly string[], cwd: string): number {
  const start = performance.now();
  const { status, error } = spawnSync(command, argv, { cwd, stdio: ["ignore", "ignore", "ignore"] });
  // 2 is a file that could not be read, which both tell and go on.
  if (error !== undefined || status === null) throw new Error(`${command} did not run: ${error?.message ?? "killed"}`);
  return (performance.now() - start) / 1000;
}
