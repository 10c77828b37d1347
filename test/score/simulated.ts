import { createDetectors } from "../../server/detectors/detectorSet.ts";
import type { Verdict } from "../../server/detectors/verdict.ts";
import type { SeriesRole } from "../../server/runs/run.ts";
import { type HealthyRun, healthyRun, type Random, seeded } from "../detectors/healthyCurves.ts";

/*
 * False alarms over simulated healthy runs, a table by kind: `node --import tsx test/score/simulated.ts [RUNS] [SEED] [LONGEST]`.
 */
const [runs = 1000, seed = 1, longest = 3000] = process.argv.slice(2).map(Number);
const random = seeded(seed);
const events = new Map<string, number>();
const alarmed = new Map<string, number>();
let records = 0;
let anyAlarm = 0;
for (let n = 0; n < runs; n++) {
  const run = healthyRun(random, 20, longest);
  records += run.losses.length;
  const said = verdictsOf(run, random);
  const kinds = new Set<string>();
  for (const { kind, onsetStep } of said) {
    events.set(kind, (events.get(kind) ?? 0) + 1);
    kinds.add(kind);
    if (process.env.SHOW === kind || process.env.SHOW === "all") console.log(n, kind, onsetStep, run.description);
  }
  for (const kind of kinds) alarmed.set(kind, (alarmed.get(kind) ?? 0) + 1);
  anyAlarm += [...kinds].some((kind) => kind !== "recovered") ? 1 : 0;
}
console.log(`${runs} healthy runs, ${records.toLocaleString("en-US")} records`);
console.log("| kind | per 100,000 records | % of runs |\n| --- | --- | --- |");
for (const [kind, count] of [...events].sort()) {
  console.log(
    `| \`${kind}\` | ${((1e5 * count) / records).toFixed(2)} | ${((100 * (alarmed.get(kind) ?? 0)) / runs).toFixed(2)} |`,
  );
}
console.log(`| any, \`recovered\` aside | | ${((100 * anyAlarm) / runs).toFixed(2)} |`);

function verdictsOf(run: HealthyRun, random: Random): Verdict[] {
  const detectors = createDetectors("step");
  const said: Verdict[] = [];
  const evaluates = random() < 0.5 ? Math.max(1, Math.round(run.losses.length / (5 + 60 * random()))) : 0;
  let evaluations = 0;
  const gap = 1 + 0.3 * random();
  const put = (series: string, role: SeriesRole, step: number, value: number, index = step): void => {
    said.push(...detectors.observe({ series, role, step, value, index }));
  };
  run.losses.forEach((loss, step) => {
    const rate = run.learningRates?.[step];
    const norm = run.gradientNorms?.[step];
    if (rate !== undefined) put("lr", "learning-rate", step, rate);
    if (norm !== undefined) put("grad_norm", "grad-norm", step, norm);
    if (norm !== undefined && rate !== undefined)
      put("update_norm", "update-norm", step, norm * rate * (0.5 + random()));
    put("loss", "train-loss", step, loss);
    if (evaluates > 0 && step % evaluates === evaluates - 1) {
      const near = run.losses.slice(Math.max(0, step - 8), step + 1);
      const level = near.reduce((sum, each) => sum + each, 0) / near.length;
      put("val_loss", "val-loss", step, Math.abs(level) * gap * (1 + 0.03 * (random() - 0.5)), evaluations++);
    }
  });
  return said;
}
