import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createMonitor } from "../../server/monitor/createMonitor.ts";
import type { Monitor } from "../../server/monitor/monitor.ts";

async function inFolder(work: (folder: string, monitor: Monitor) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "haywire-"));
  const monitor = createMonitor({
    factsOf: async () => null,
    onRunChanged: () => undefined,
    onVerdict: () => undefined,
    pollInterval: 50,
  });
  try {
    await work(folder, monitor);
  } finally {
    await monitor.close();
    await rm(folder, { recursive: true });
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds() && waited < 5000; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(holds());
}

/** Points of a column of the only run. */
function points(monitor: Monitor, name: string): number {
  return monitor.runs()[0]?.series.find((series) => series.name === name)?.points ?? 0;
}

const zoo = (path: string): Promise<Buffer> => readFile(new URL(`../zoo/${path}`, import.meta.url));

describe("the monitor follows", () => {
  it("an event file that grows within a record", async () => {
    await inFolder(async (folder, monitor) => {
      const bytes = await zoo("data-shift-tb/events.out.tfevents.1795499534.vm.19037.0");
      const path = join(folder, "events.out.tfevents.1.host");
      await writeFile(path, bytes.subarray(0, 5));
      await monitor.watch({ path: folder });
      await appendFile(path, bytes.subarray(5, 30_000));
      await until(() => points(monitor, "train/loss") > 150);
      await appendFile(path, bytes.subarray(30_000));
      await until(() => points(monitor, "train/loss") === 480 && points(monitor, "train/lr") === 480);
    });
  });

  it("a wandb file up to its own word that the run failed or ended", async () => {
    await inFolder(async (folder, monitor) => {
      const bytes = await zoo("healthy-gan/run-46mkbib9.wandb");
      const path = join(folder, "run-1.wandb");
      await writeFile(path, bytes.subarray(0, 100_000));
      await monitor.watch({ path: folder });
      await until(() => monitor.runs()[0]?.state === "live");
      await appendFile(path, bytes.subarray(100_000));
      await until(() => monitor.runs()[0]?.state === "finished");
      assert.equal(points(monitor, "loss/D"), 250);
    });
  });

  it("the newest of a run's checkpoints, as one run", async () => {
    await inFolder(async (folder, monitor) => {
      const state = (steps: readonly number[]): string => {
        const history = steps.map((step) => ({ loss: 1 / step, step }));
        return JSON.stringify({ best_metric: null, global_step: steps.at(-1), log_history: history }, null, 2);
      };
      const write = async (steps: readonly number[]): Promise<void> => {
        const checkpoint = join(folder, `checkpoint-${steps.at(-1)}`);
        await mkdir(checkpoint);
        await writeFile(join(checkpoint, "trainer_state.json"), state(steps));
      };
      await write([10]);
      const [first] = await monitor.watch({ path: folder });
      await write([10, 20, 30]);
      await until(() => points(monitor, "loss") === 3);
      assert.deepEqual(
        monitor.runs().map(({ id }) => id),
        [first?.id],
      );
    });
  });

  it("a trainer state that is written over", async () => {
    await inFolder(async (folder, monitor) => {
      const whole = (await zoo("healthy-cosine-hf/trainer_state.json")).toString();
      const path = join(folder, "trainer_state.json");
      const half: { log_history: unknown[]; global_step: number } = JSON.parse(whole);
      half.log_history = half.log_history.slice(0, 60);
      half.global_step = 600;
      await writeFile(path, JSON.stringify(half, null, 2));
      await monitor.watch({ path: folder });
      await until(() => points(monitor, "loss") === 58);
      await writeFile(path, whole);
      await until(() => points(monitor, "loss") === 150);
    });
  });
});
