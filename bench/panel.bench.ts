/** A line written to a log → its point drawn in the panel, in a real VS Code in a real browser. */
import { appendFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { packExtension } from "../scripts/prepare.mjs";
import { openEditor, until } from "../test/e2e/embeddedEditor.ts";
import { chartFacts, panelFrame, watchLogFile } from "../test/e2e/watchLog.ts";
import { figure, median, quantile } from "./measure.ts";

const writes = 120;
packExtension();
const editor = await openEditor();
try {
  const log = path.join(editor.workspace, "bench.jsonl");
  const line = (step: number) => `${JSON.stringify({ step, loss: 2 + Math.sin(step) / 9, grad_norm: 1, lr: 3e-4 })}\n`;
  await writeFile(log, Array.from({ length: 1_000 }, (_, index) => line(index + 1)).join(""));
  await watchLogFile(editor.page, log);
  const panel = await panelFrame(editor.page);
  await until(
    "the first thousand points",
    () => chartFacts(panel, "loss"),
    (facts) => facts?.lastStep === 1_000,
  );
  await panel.evaluate(recordDraws);

  const written = new Map<number, number>();
  for (let step = 1_001; step <= 1_000 + writes; step++) {
    await new Promise((resolve) => setTimeout(resolve, 150 + (step % 7) * 20));
    written.set(step, Date.now());
    await appendFile(log, line(step));
  }
  await until(
    "the last point",
    () => chartFacts(panel, "loss"),
    (facts) => facts?.lastStep === 1_000 + writes,
  );
  // A step is drawn again when something else changes; the first time counts.
  const drawn = new Map(
    (await panel.evaluate(() => (globalThis as unknown as { draws: [number, number][] }).draws)).reverse(),
  );
  const samples = [...written].flatMap(([step, at]) => {
    const seen = drawn.get(step);
    return seen === undefined ? [] : [seen - at];
  });
  if (samples.length < writes * 0.9)
    throw new Error(`only ${samples.length} of ${writes} points were seen being drawn`);
  const detail = `${samples.length} lines; median ${median(samples).toFixed(0)} ms, longest ${Math.max(...samples)} ms`;
  figure("line written → point drawn in the panel, p95", quantile(samples, 0.95), 150, "ms", detail);
} finally {
  await editor.close();
}

/** Runs in the panel: notes the wall-clock time at which each last step has been painted. */
function recordDraws(): void {
  const chart = document.querySelector('[data-haywire-chart="loss"]');
  if (!chart) throw new Error("no loss chart");
  const draws: [number, number][] = [];
  (globalThis as unknown as { draws: [number, number][] }).draws = draws;
  new MutationObserver(() => {
    const step = Number(chart.getAttribute("data-haywire-last-step"));
    requestAnimationFrame(() => draws.push([step, Date.now()]));
  }).observe(chart, { attributes: true, attributeFilter: ["data-haywire-last-step"] });
}
