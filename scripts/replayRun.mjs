// Replays a recorded log as if it were being written now: at even speed, in pieces that end anywhere, torn lines included.
//   node scripts/replayRun.mjs RECORDED TARGET [--seconds N]
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const tick = 100;

/**
 * Writes the recorded bytes to the target, which is made anew, over `seconds`.
 * @param {string} recorded
 * @param {string} target
 * @param {{ seconds: number, signal?: AbortSignal }} options
 */
export async function replayRun(recorded, target, options) {
  const bytes = readFileSync(recorded);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, "");
  const started = Date.now();
  let written = 0;
  while (written < bytes.length && !options.signal?.aborted) {
    await sleep(tick);
    const share = Math.min(1, (Date.now() - started) / (options.seconds * 1000));
    const due = Math.floor(share * bytes.length);
    // Never on a line's end for long: a writer that is looked at in between has torn lines too.
    appendFileSync(target, bytes.subarray(written, due));
    written = due;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: "string", default: "60" } },
  });
  const [recorded, target] = positionals;
  const seconds = Number(values.seconds);
  if (!recorded || !target || !(seconds > 0)) {
    console.error("node scripts/replayRun.mjs RECORDED TARGET [--seconds N]");
    process.exit(2);
  }
  await replayRun(recorded, target, { seconds });
}
