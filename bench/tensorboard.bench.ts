/** Reading a TensorBoard event file of 1 M scalars in 4 tags, checksums verified, beside rustboard and EventAccumulator. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { readLog } from "../server/logs/readLog.ts";
import { tensorboard } from "../server/logs/tensorboard.ts";
import { framed } from "../test/logs/eventFile.ts";
import { figure, median, timed } from "./measure.ts";
import { peerNumber, peerPython, peerText } from "./peers.ts";

const scalars = 1_000_000;
const tags = ["train/loss", "train/grad_norm", "train/learning_rate", "val/loss"];
const rounds = 5;

function eventFile(): Uint8Array {
  const parts: Uint8Array[] = [
    framed(new BinaryWriter().tag(1, 1).double(1.75e9).tag(3, 2).string("brain.Event:2").finish()),
  ];
  for (let index = 0; index < scalars; index++) {
    const value = new BinaryWriter()
      .tag(1, 2)
      .string(tags[index % tags.length] ?? "")
      .tag(2, 5)
      .float(Math.exp(-index / 300_000) + Math.sin(index) / 50)
      .finish();
    const summary = new BinaryWriter().tag(1, 2).bytes(value).finish();
    const event = new BinaryWriter()
      .tag(1, 1)
      .double(1.75e9 + index / 40)
      .tag(2, 0)
      .int64(Math.floor(index / tags.length))
      .tag(5, 2)
      .bytes(summary)
      .finish();
    parts.push(framed(event));
  }
  return Buffer.concat(parts);
}

/** Milliseconds of rustboard's first load cycle, as it logs it; it verifies no checksums. */
function loadCycle(server: string, folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const args = ["--logdir", folder, "--port", "0", "--reload", "once", "--samples-per-plugin", "scalars=0", "-v"];
    const child = spawn(server, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
      const [, time, unit] = /Finished load cycle \(([\d.]+)(m?s)\)/.exec(said) ?? [];
      if (time !== undefined) {
        child.kill();
        resolve(Number(time) * (unit === "s" ? 1000 : 1));
      }
    });
    child.on("error", reject);
    child.on("exit", () => reject(new Error(said)));
  });
}

const accumulate = `
import sys, time
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
start = time.perf_counter()
reader = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
reader.Reload()
assert sum(len(reader.Scalars(tag)) for tag in reader.Tags()["scalars"]) == ${scalars}
print((time.perf_counter() - start) * 1000)
`;

const folder = mkdtempSync(path.join(tmpdir(), "haywire-bench-"));
try {
  const file = path.join(folder, "events.out.tfevents.1750000000.host");
  writeFileSync(file, eventFile());
  const read = async () => {
    const reader = tensorboard.createReader();
    let count = 0;
    await readLog(file, (bytes) => {
      count += reader.push(bytes).length;
    });
    if (count !== scalars || reader.skipped.count > 0) throw new Error(`${count} of ${scalars} records`);
  };
  const python = peerPython();
  const server =
    python === null ? null : peerText(python, "import tensorboard_data_server as t; print(t.server_binary())");
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(...(await timed(1, round === 0 ? 1 : 0, read)));
    if (server !== null) theirs.push(await loadCycle(server, folder));
  }
  const own = `1,000,000 scalars; ${median(ours).toFixed(0)} ms with checksums`;
  if (python === null) {
    console.log(`reading TensorBoard events: ${own}; no Python to compare with`);
  } else {
    const rust = `${own}, rustboard 0.7.2 ${median(theirs).toFixed(0)} ms without`;
    figure("reading TensorBoard events / rustboard", median(ours) / median(theirs), 1, "×", rust);
    const slow = peerNumber(python, accumulate, [folder]);
    figure(
      "reading TensorBoard events / EventAccumulator",
      median(ours) / slow,
      1 / 40,
      "×",
      `${own}, ${slow.toFixed(0)} ms`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
