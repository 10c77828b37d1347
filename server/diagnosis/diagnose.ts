import type { Verdict } from "../detectors/verdict.ts";
import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { VerdictView } from "../protocol.ts";
import type { Run } from "../runs/run.ts";

/** The script behind a run, as far as it is known. */
export interface RunScript {
  readonly text: string;
  readonly facts: TrainingFacts;
}

/** Causes, the next step and the place in the code for a verdict. Pure. */
export function diagnose(verdict: Verdict, run: Run, script: RunScript | null): VerdictView {
  return {
    id: `${run.id} ${verdict.kind} ${verdict.series} ${verdict.onsetStep}`,
    kind: verdict.kind,
    headline: verdict.kind,
    onsetStep: verdict.onsetStep,
    onsetRange: verdict.onsetRange,
    detectedStep: verdict.detectedStep,
    confidence: verdict.confidence,
    severity: "warning",
    evidence: verdict.evidence,
    causes: [],
    nextStep: "",
    code: script === null ? null : null,
  };
}
