import { createDetectors } from "../server/detectors/detectorSet.ts";
import { healthyRun, seeded } from "../test/detectors/healthyCurves.ts";
import { figure, median, timed } from "./measure.ts";

/* How fast all detectors together read records: a loss alone, and with learning rate and gradient norm. */
const records = 200_000;
const random = seeded(7);
const run = healthyRun(random, records, records);

function read(columns: "loss" | "three"): void {
  const detectors = createDetectors("step");
  for (let i = 0; i < records; i++) {
    const loss = run.losses[i] ?? 0;
    if (columns === "three") {
      detectors.observe({
        series: "lr",
        role: "learning-rate",
        step: i,
        value: 1e-3 * (1 - i / (2 * records)),
        index: i,
      });
      detectors.observe({
        series: "grad_norm",
        role: "grad-norm",
        step: i,
        value: run.gradientNorms?.[i] ?? 1 + 0.5 * Math.sin(i * 12.9898),
        index: i,
      });
    }
    detectors.observe({ series: "loss", role: "train-loss", step: i, value: loss, index: i });
  }
}

for (const [columns, name] of [
  ["loss", "a loss"],
  ["three", "loss, learning rate and gradient norm"],
] as const) {
  const perMillion = (median(await timed(5, 2, () => read(columns))) / records) * 1000;
  figure(`seconds for a million records of ${name}`, perMillion, 1, "s", `${records.toLocaleString("en-US")} records`);
}
