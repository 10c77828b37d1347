import { createFactsReader } from "../../server/cli/codeFacts.ts";
import { acrossRuns } from "../../server/diagnosis/acrossRuns.ts";
import { batchNormInstability } from "../../server/diagnosis/batchNormBursts.ts";
import { judgedRun, readRuns as readLogs } from "../../server/monitor/readRuns.ts";
import type { RunReading } from "../../server/monitor/runReading.ts";
import type { Series } from "../../server/runs/run.ts";
import type { Case } from "./cases.ts";
import type { Said } from "./match.ts";

const reader = createFactsReader();

/** The logs of a case, each read as a run, and what they show together. A batch norm is looked for in the case's script. */
export async function readRuns(at: Case): Promise<{ readonly runs: RunReading[]; readonly across: Said[] }> {
  const script = at.script === null ? null : await reader.factsOf(at.script);
  const { value: read } = await readLogs(at.logs);
  const runs = read.map(({ reading }) => reading);
  const judged = read.map(judgedRun);
  const across = acrossRuns(judged).flatMap(({ kind, onsetStep }) =>
    kind === "many-hyperparameters-changed" ? [] : [{ kind, onset: onsetStep ?? 0, delay: Number.NaN, log: "" }],
  );
  const bursts = judged.flatMap(({ run, verdicts }) => {
    const found = batchNormInstability(run, verdicts, script);
    return found === null ? [] : [{ kind: found.kind, onset: found.onsetStep, delay: Number.NaN, log: run.name }];
  });
  return { runs, across: [...across, ...bursts] };
}

/** Position of the last point at or before the step. */
export function recordAt(series: Series, step: number): number {
  let at = -1;
  for (let i = 0; i < series.length; i++) if ((series.steps[i] ?? 0) <= step) at = i;
  return at;
}

/** What our detectors say of a run, with onsets in the case's unit. */
export function saidOf(at: Case, reading: RunReading): Said[] {
  return reading.findings.map(({ verdict, record }) => {
    const series = reading.run.series.get(verdict.series);
    const onset = series === undefined ? Number.NaN : firstAt(series, verdict.onsetStep, record);
    return {
      kind: verdict.kind,
      onset: at.byRecord ? onset : verdict.onsetStep,
      delay: record - onset,
      log: reading.run.name,
    };
  });
}

/** The newest point up to `until` that stands at the step, else the first behind it. */
function firstAt(series: Series, step: number, until: number): number {
  let at = 0;
  for (let i = Math.min(until, series.length - 1); i >= 0; i--) {
    if ((series.steps[i] ?? 0) === step) {
      while (i > 0 && series.steps[i - 1] === step) i--;
      return i;
    }
    if ((series.steps[i] ?? 0) > step) at = i;
  }
  return at;
}
