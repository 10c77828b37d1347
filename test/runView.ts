import type { RunView, SeriesView, VerdictView } from "../server/protocol.ts";

/** A run as the server reports it, with the given parts. */
export function runView(part: Partial<RunView> = {}): RunView {
  return {
    id: "a",
    name: "exp12",
    paths: ["/runs/exp12.jsonl"],
    state: "live",
    stepAxis: "step",
    firstStep: 0,
    lastStep: 152_480,
    startedAt: 0,
    updatedAt: 1000,
    series: [seriesView("loss", "train-loss", 2.784)],
    verdicts: [],
    checks: { ran: 3, silent: [] },
    problems: [],
    rawTail: [],
    ...part,
  };
}

export function seriesView(
  name: string,
  role: SeriesView["role"],
  last: SeriesView["last"] = 1,
  total = 10,
): SeriesView {
  return { name, role, points: total, nonFinite: 0, last };
}

export function verdictView(part: Partial<VerdictView> = {}): VerdictView {
  return {
    id: "v1",
    kind: "loss-growth",
    headline: "Loss has grown since step 152,300",
    onsetStep: 152_300,
    onsetRange: [152_290, 152_310],
    detectedStep: 152_400,
    confidence: 0.97,
    severity: "warning",
    evidence: [],
    causes: [],
    nextStep: "Clip the gradient norm to 1.0, and change nothing else.",
    code: null,
    ...part,
  };
}
