import { numberWords, stepWords, timesWords } from "../detectors/numberWords.ts";
import type { Verdict } from "../detectors/verdict.ts";
import type { TextRange } from "../text/range.ts";
import { conditionCause, kindCauses, rateLine } from "./kindCauses.ts";
import type { RunEvidence } from "./runEvidence.ts";
import {
  batchLoopOf,
  firstEvent,
  learningRateOf,
  type RunScript,
  riskiestTerm,
  steppedOptimizer,
  usesFloat16,
  usesGradScaler,
} from "./script.ts";
import { lineMatching } from "./scriptLines.ts";

/** A suspect: how much speaks for it, the rules that show it in code, the one change to make and where. */
export interface Cause {
  readonly cause: string;
  readonly why: string;
  readonly rules: readonly string[];
  /** Larger comes first; only the order matters. */
  readonly weight: number;
  readonly nextStep: string;
  readonly place: TextRange | null;
}

/** A gradient norm ten times its median counts as a spike; so did every real burst among the recorded runs. */
const gradientSpike = 10;
/** The threshold that transformers' Trainer (`max_grad_norm`) and GPT-3 (Brown et al. 2020, appendix B) clip at. */
const customaryNorm = 1;
/** Loss that at most doubled before it became NaN had not grown. */
const noGrowth = 2;

/** The suspects of a verdict, the likeliest first. Wording is "consistent with" where scalars cannot prove it. */
export function causesOf(verdict: Verdict, evidence: RunEvidence, script: RunScript | null): Cause[] {
  if (verdict.kind === "recovered") {
    return [];
  }
  // A validation loss, and a loss that never fell, have nothing to do with what jumped about their first record.
  const apart = verdict.kind === "overfitting" || verdict.kind === "plateau" || verdict.kind === "vanishing-gradient";
  const suspects: (Cause | null)[] = [
    conditionCause(verdict, evidence, script),
    ...kindCauses(verdict, evidence, script),
  ];
  if (!apart) {
    suspects.push(
      gradientCause(verdict, evidence, script),
      verdict.kind === "resume-without-optimizer-state" ? null : resumeCause(evidence),
      verdict.kind === "lr-change-coincident" ? null : rateCause(verdict, evidence, script),
    );
  }
  if (verdict.kind === "non-finite") {
    suspects.push(...numericCauses(evidence, script));
  } else if (verdict.kind === "loss-growth") {
    const explained = evidence.rateStepped || evidence.rateRising || (evidence.gradientRatio ?? 0) >= gradientSpike;
    suspects.push(growthCause(evidence, script), explained ? null : dataCause(verdict, 0.2, evidence, script));
  } else if (verdict.kind === "loss-spike") {
    suspects.push(dataCause(verdict, spikedAlone(evidence) ? 0.6 : 0.3, evidence, script));
    suspects.push(denominatorCause(evidence, script), shrunkenGradientCause(evidence, script));
  }
  return suspects.filter((cause) => cause !== null).sort((a, b) => b.weight - a.weight);
}

function spikedAlone({ gradientRatio }: RunEvidence): boolean {
  return gradientRatio !== null && gradientRatio < gradientSpike;
}

function optimizerPlace(script: RunScript | null): TextRange | null {
  const optimizer = script === null ? null : steppedOptimizer(script.facts);
  return optimizer === null ? null : { start: optimizer.start, end: optimizer.end };
}

function gradientCause(verdict: Verdict, evidence: RunEvidence, script: RunScript | null): Cause | null {
  const { gradientRatio, gradientStep, gradientPeak } = evidence;
  if (gradientRatio === null || gradientStep === null || gradientPeak === null || gradientRatio < gradientSpike) {
    return null;
  }
  const small = gradientPeak <= customaryNorm;
  const threshold = small ? `${numberWords((2 * gradientPeak) / gradientRatio)}, twice its usual level` : "1.0";
  const first = gradientStep <= verdict.onsetStep;
  const clip = script === null ? null : firstEvent(script.facts, ["clip"]);
  const step = script === null ? null : firstEvent(script.facts, ["scaler-step", "optimizer-step"]);
  const seen = `the gradient norm was ${timesWords(gradientRatio)} its median at ${stepWords(gradientStep)}`;
  return {
    cause: "gradient-spike",
    why:
      clip === null
        ? `${first ? "Gradients jumped first" : "Gradients jumped with it"}: ${seen}${script === null ? "." : ", and nothing clips them."}`
        : `${first ? "Gradients jumped first" : "Gradients jumped with it"}: ${seen}, although they are clipped.`,
    // The customary threshold that the rule's fix writes would have let a small burst pass.
    rules: clip !== null ? ["clip-before-unscale"] : small ? [] : ["missing-gradient-clipping"],
    // A burst below the customary threshold is a symptom: something else has let the gradients become that small.
    weight: small ? 0.5 : first ? 1 : 0.7,
    nextStep:
      clip === null
        ? `Clip the gradient norm to ${threshold}, and change nothing else.`
        : "Lower the clipping threshold to the usual gradient norm, and change nothing else.",
    place: clip?.statement ?? ineffectiveClip(script) ?? step?.statement ?? optimizerPlace(script),
  };
}

/** A clip that limits nothing is where one belongs. */
function ineffectiveClip(script: RunScript | null): TextRange | null {
  return (
    script?.facts.ineffectiveClips[0] ??
    (script === null ? null : (lineMatching(script.text, /\bclip_grad_(?:norm|value)_?\(/)?.range ?? null))
  );
}

function resumeCause({ restartStep }: RunEvidence): Cause | null {
  return restartStep === null
    ? null
    : {
        cause: "optimizer-state-lost",
        why: `The run was resumed at ${stepWords(restartStep)}; a jump there is consistent with an optimizer that lost its moments.`,
        rules: ["optimizer-state-not-saved"],
        weight: 0.95,
        nextStep: "Save and load the optimizer's state with the weights, and resume again.",
        place: null,
      };
}

function rateCause(verdict: Verdict, evidence: RunEvidence, script: RunScript | null): Cause | null {
  const { rates, rateStepped, rateRising } = evidence;
  if (rates === null || (!rateStepped && !rateRising) || rates[1] <= rates[0] || verdict.kind === "loss-spike") {
    return null;
  }
  const [was, is] = rates.map(numberWords);
  const scheduler = script === null ? null : firstEvent(script.facts, ["scheduler-step"]);
  return {
    cause: "learning-rate-change",
    why: rateStepped
      ? `It begins where the learning rate goes from ${was} to ${is}.`
      : `It begins while the learning rate is still rising, at ${is}.`,
    rules: ["scheduler-step-order", "learning-rate-high"],
    weight: rateStepped ? 0.9 : 0.8,
    nextStep: rateStepped
      ? `Keep the learning rate at ${was} there, and change nothing else.`
      : "Halve the highest learning rate of the schedule, and change nothing else.",
    place: rateLine(rates[1], script) ?? scheduler?.statement ?? optimizerPlace(script),
  };
}

function growthCause(evidence: RunEvidence, script: RunScript | null): Cause {
  const optimizer = script === null ? null : steppedOptimizer(script.facts);
  const built = learningRateOf(optimizer);
  const rate = evidence.rates?.[1] ?? built;
  const known = evidence.rates === null ? "" : evidence.rateStepped || evidence.rateRising ? "" : " constant";
  const gradients =
    evidence.gradientRatio === null || evidence.gradientRatio >= gradientSpike ? "" : " and gradients are ordinary";
  return {
    cause: "learning-rate-high",
    why: `Growth ${evidence.fromStart ? "from the start" : `after a healthy time${gradients}`} is consistent with a${known} learning rate${
      rate === null ? "" : ` of ${numberWords(rate)}`
    } that is too high for this phase.`,
    rules: ["learning-rate-high", "no-learning-rate-schedule", ...(evidence.fromStart ? [] : ["optimizer-reset"])],
    weight: 0.6,
    nextStep: `Lower the learning rate${rate === null ? " to a tenth" : ` to ${numberWords(rate / 10)}`}${evidence.fromStart ? "" : " from the last good checkpoint"}, and change nothing else.`,
    place: optimizer?.arguments.learningRate?.range ?? optimizerPlace(script),
  };
}

function dataCause(verdict: Verdict, weight: number, evidence: RunEvidence, script: RunScript | null): Cause {
  const [from, to] = verdict.onsetRange;
  const where = from === to ? `at ${stepWords(to)}` : `between ${stepWords(from)} and ${stepWords(to)}`;
  return {
    cause: "data",
    why: `A batch ${where} that is unlike the others would look the same.`,
    rules: evidence.namesBatches ? [] : ["batch-not-identified"],
    weight,
    nextStep: `${evidence.namesBatches ? "Find" : "Log"} which samples stand in the batches ${where}, and look at them.`,
    place: (script === null ? null : batchLoopOf(script.facts)) ?? optimizerPlace(script),
  };
}

function denominatorCause(evidence: RunEvidence, script: RunScript | null): Cause | null {
  const optimizer = script === null ? null : steppedOptimizer(script.facts);
  if (optimizer === null || script === null || !optimizer.adamFamily || !usesFloat16(script.facts)) {
    return null;
  }
  return {
    cause: "small-denominators",
    why: `Half precision under ${optimizer.constructorName} is consistent with second moments that have become tiny; the log cannot prove it.`,
    rules: ["eps-unset-under-mixed-precision", ...adamStateRule(evidence)],
    weight: evidence.gradientRatio === null ? 0.4 : 0.35,
    nextStep: "Raise the optimizer's eps to 1e-7, and change nothing else.",
    place: optimizer.arguments.eps?.range ?? { start: optimizer.start, end: optimizer.end },
  };
}

/** What would prove it, where the log does not show it. */
function adamStateRule({ showsAdamState }: RunEvidence): readonly string[] {
  return showsAdamState ? [] : ["adam-state-not-logged"];
}

/**
 * Bursts at tiny gradients: Adam's second moment decays as β2^t behind shrinking gradients, until the step outgrows the
 * curvature (Bai et al. 2025, https://arxiv.org/abs/2506.04805). Scalars of loss and gradient cannot show the moment.
 */
function shrunkenGradientCause(evidence: RunEvidence, script: RunScript | null): Cause | null {
  const { gradientRatio, gradientPeak, rates } = evidence;
  const optimizer = script === null ? null : steppedOptimizer(script.facts);
  if (optimizer === null || !optimizer.adamFamily) {
    return null;
  }
  if (
    gradientRatio === null ||
    gradientPeak === null ||
    gradientRatio < gradientSpike ||
    gradientPeak > customaryNorm
  ) {
    return null;
  }
  const rate = rates?.[1] ?? learningRateOf(optimizer);
  const usual = numberWords(gradientPeak / gradientRatio);
  return {
    cause: "small-denominators",
    why: `A burst after gradients had shrunk to ${usual} is consistent with ${optimizer.constructorName}'s second moment having become too small for its learning rate; the log cannot prove it.`,
    rules: ["no-learning-rate-schedule", "learning-rate-high", ...adamStateRule(evidence), "optimizer-reset"],
    weight: 0.65,
    nextStep: `Lower the learning rate${rate === null ? " to a tenth" : ` to ${numberWords(rate / 10)}`} from the last good checkpoint, and change nothing else.`,
    place: optimizer.arguments.learningRate?.range ?? { start: optimizer.start, end: optimizer.end },
  };
}

function numericCauses(evidence: RunEvidence, script: RunScript | null): Cause[] {
  const grew = evidence.lossRatioBefore !== null && evidence.lossRatioBefore > noGrowth;
  const term = script === null ? null : riskiestTerm(script.facts);
  const found: Cause[] = [];
  const before = grew
    ? "The loss was rising before."
    : "Nothing grew before it: consistent with one undefined operation.";
  found.push({
    cause: "loss-numerics",
    why: term === null ? before : `${before} The loss computes ${term.operation} of \`${term.operandText}\`.`,
    rules: ["unstable-loss"],
    weight: (grew ? 0.4 : 0.75) + (term === null ? 0 : 0.1),
    nextStep:
      term === null
        ? "Find the first undefined operation with torch.autograd.detect_anomaly() on that step, and make it stable."
        : `Keep \`${term.operandText}\` away from where ${term.operation} is undefined, and change nothing else.`,
    place: term === null ? optimizerPlace(script) : { start: term.start, end: term.end },
  });
  if (grew) {
    found.push({
      cause: "divergence",
      why: `The loss had grown ${timesWords(evidence.lossRatioBefore ?? 1)} in the records before: training diverged and then overflowed.`,
      rules: ["learning-rate-high", "missing-gradient-clipping", "optimizer-reset"],
      weight: 0.65,
      nextStep: "Lower the learning rate to a tenth from the last good checkpoint, and change nothing else.",
      place: optimizerPlace(script),
    });
  }
  const scaled = script !== null && usesGradScaler(script.facts);
  if (evidence.hasLossScale || scaled) {
    const unscale = script === null ? null : firstEvent(script.facts, ["clip", "scaler-step"]);
    found.push({
      cause: "loss-scaling",
      why: "A dynamic loss scale is in use: gradients that overflow half precision are consistent with this.",
      rules: ["clip-before-unscale"],
      weight: evidence.hasLossScale ? 0.8 : 0.5,
      nextStep: "Unscale the gradients before they are clipped, and look at when the loss scale last fell.",
      place: unscale?.statement ?? optimizerPlace(script),
    });
  }
  return found;
}
