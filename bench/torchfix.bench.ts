/**
 * `haywire check` against TorchFix over one folder, each as a fresh process. The folder is the first argument or
 * HAYWIRE_BENCH_TORCHFIX: a few hundred files of torch code, such as the unpacked wheels of timm and accelerate. TorchFix needs minutes.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { figure } from "./measure.ts";

const bundle = path.resolve(import.meta.dirname, "../dist/cli.mjs");
const given = process.argv[2] ?? process.env.HAYWIRE_BENCH_TORCHFIX;

if (given === undefined) console.log("skipped: no folder is given (HAYWIRE_BENCH_TORCHFIX or the first argument)");
else if (spawnSync("torchfix", ["--version"]).status !== 0) console.log("skipped: torchfix is not on the PATH");
else compare(path.resolve(given));

function compare(folder: string): void {
  const runs = [1, 2, 3].map(() => seconds(process.execPath, [bundle, "check", "--exit-zero", "."], folder));
  const ours = Math.min(...runs);
  const theirs = seconds("torchfix", ["."], folder);
  figure(
    "haywire check / torchfix, wall time",
    ours / theirs,
    1 / 200,
    "×",
    `haywire ${ours.toFixed(2)} s, best of 3; torchfix ${theirs.toFixed(0)} s; ${folder}`,
  );
}

function seconds(command: string, argv: readonly string[], cwd: string): number {
  const start = performance.now();
  const { error } = spawnSync(command, argv, { cwd, stdio: ["ignore", "ignore", "ignore"] });
  if (error !== undefined) throw new Error(`${command} did not run: ${error.message}`);
  return (performance.now() - start) / 1000;
}
