import { createBurstWatch } from "../detectors/burstWatch.ts";
import { stepWords } from "../detectors/numberWords.ts";
import type { Verdict } from "../detectors/verdict.ts";
import type { Run } from "../runs/run.ts";
import type { RunScript } from "./script.ts";

/** Bursts that make a pattern, and the share of the run that lies before the first: the start is no late instability. */
const fewestBursts = 3;
const startShare = 0.05;
const settings = {
  smallestRise: Math.log(2),
  spreads: 5,
  // Three are asked for, so that each may be less certain than a spike that is told alone.
  probability: 1e-2,
  jointProbability: 1e-2,
  levelWindow: 16,
};

/**
 * Bursts of the loss in a network with batch norm, where the code or the log shows batch norm; the plainer kind's verdict
 * stays beside it. Null where a verdict already says more (NaN, growth at a change of the rate), or nothing is seen.
 */
export function batchNormInstability(run: Run, said: readonly Verdict[], script: RunScript | null): Verdict | null {
  const inCode = script?.facts.traits.some(({ trait }) => trait === "batch-norm") ?? false;
  const inLog = [...run.series.keys()].some((name) => /batch_?norm|(?:^|[/_.])bn\d*(?:[/_.]|$)/i.test(name));
  const explained = said.some(({ kind }) =>
    ["lr-change-coincident", "repeatable-onset", "resume-without-optimizer-state", "non-finite"].includes(kind),
  );
  if ((!inCode && !inLog) || explained || !said.some(({ kind }) => kind === "loss-spike")) {
    return null;
  }
  const loss = [...run.series.values()].find(({ role }) => role === "train-loss");
  if (loss === undefined) {
    return null;
  }
  const watch = createBurstWatch(settings, { muted: () => false, confirmed: () => false });
  const bursts: { readonly step: number; readonly before: number }[] = [];
  for (let index = 0; index < loss.length; index++) {
    const value = loss.values[index] ?? Number.NaN;
    if (!(value > 0) || !Number.isFinite(value)) {
      return null;
    }
    const step = loss.steps[index] ?? 0;
    const burst = watch.add(Math.log(value), { step, index, value });
    if (burst !== null && burst.onsetIndex > startShare * loss.length) {
      bursts.push({ step: burst.onsetStep, before: burst.before });
    }
  }
  const [first] = bursts;
  if (first === undefined || bursts.length < fewestBursts) {
    return null;
  }
  return {
    kind: "batch-norm-instability",
    series: loss.name,
    onsetStep: first.step,
    onsetRange: [first.before, first.step],
    detectedStep: bursts[fewestBursts - 1]?.step ?? first.step,
    confidence: 0.75,
    evidence: [
      `${bursts.length} bursts of ${loss.name}, at steps ${bursts
        .slice(0, 6)
        .map(({ step }) => stepWords(step))
        .join(", ")}${bursts.length > 6 ? " and on" : ""}`,
      inCode ? "the network has batch norm" : "the log names batch norm",
    ],
  };
}
