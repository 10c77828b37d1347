import { numberWords, stepWords } from "../detectors/numberWords.ts";
import type { Verdict, VerdictKind } from "../detectors/verdict.ts";
import type { Run, StepAxis } from "../runs/run.ts";
import type { RunEvidence } from "./runEvidence.ts";

const axisWords: Readonly<Record<StepAxis, string>> = {
  step: "step",
  epoch: "epoch",
  tokens: "token",
  samples: "sample",
  time: "time",
  record: "record",
};

/** `step 152,300`, `epoch 7`: a place on the run's axis. */
export function placeWords(step: number, axis: StepAxis): string {
  return `${axisWords[axis]} ${stepWords(step)}`;
}

/** What happened and since when, a plain sentence without a full stop. */
export function headlineOf(verdict: Verdict, evidence: RunEvidence, run: Run): string {
  const { kind, onsetRange, onsetStep } = verdict;
  const place = placeWords(onsetStep, run.stepAxis);
  const wide = onsetRange[1] - onsetRange[0] > 0.02 * Math.max(1, Math.abs(verdict.detectedStep - run.firstStep));
  const since = `since ${wide ? "about " : ""}${place}`;
  switch (kind) {
    case "non-finite":
      return nonFiniteHeadline(verdict, evidence, run, since);
    case "loss-growth":
      return `Loss has grown ${since}`;
    case "loss-spike":
      return `Loss spiked at ${place} and came back`;
    case "recovered":
      return `Loss has recovered ${since}`;
    case "lr-change-coincident":
      return `The failure begins where the learning rate steps up, at ${place}`;
    case "data-shift":
      return `Loss stands at a new level ${since}`;
    case "overfitting":
      return `Validation loss rises ${since} while training loss falls`;
    case "plateau":
      return "Loss has never fallen";
    case "vanishing-gradient":
      return `Gradients vanish ${since} while the loss stays high`;
    case "grad-explosion-intermittent":
      return `The gradient norm burst at ${place} and came back`;
    case "grad-explosion-smooth":
      return `The gradient norm grows ${since}`;
    case "loss-scale-collapse":
      return `The loss scale collapses ${since}`;
    case "adam-denominator":
      return `Updates grow ${since} while gradients do not`;
    case "resume-without-optimizer-state":
      return `Loss jumps where the run was resumed, at ${place}`;
    case "repeatable-onset":
      return `Loss jumps again and again at equal distances, ${since}`;
    case "batch-norm-instability":
      return `Loss bursts in a network with batch norm, ${since}`;
    default:
      return `${plainKind(kind)} ${since}`;
  }
}

function nonFiniteHeadline(verdict: Verdict, { value }: RunEvidence, run: Run, since: string): string {
  const role = run.series.get(verdict.series)?.role;
  const subject = role === "grad-norm" ? "Gradient norm" : role === "weight-norm" ? "Weight norm" : "Loss";
  // A loss of exactly 0 is a NaN that a logging filter hides.
  return `${subject} is ${Number.isFinite(value) ? "NaN behind a logged 0" : numberWords(value)} ${since}`;
}

function plainKind(kind: VerdictKind): string {
  const words = kind.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
