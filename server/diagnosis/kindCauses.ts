import { numberWords, stepWords } from "../detectors/numberWords.ts";
import type { Verdict, VerdictKind } from "../detectors/verdict.ts";
import type { TextRange } from "../text/range.ts";
import type { Cause } from "./causes.ts";
import type { RunEvidence } from "./runEvidence.ts";
import { type RunScript, steppedOptimizer, usesFloat16 } from "./script.ts";
import { conditionAt, lineMatching, lineOfNumber } from "./scriptLines.ts";

/** An onset and a number in the script are the same when they differ by at most this share, or the interval of the onset. */
const sameStep = 0.005;

const byCode: ReadonlySet<VerdictKind> = new Set([
  "data-shift",
  "loss-spike",
  "loss-growth",
  "adam-denominator",
  "grad-explosion-intermittent",
  "grad-explosion-smooth",
  "non-finite",
  "repeatable-onset",
  "lr-change-coincident",
]);

/** The script itself does something else from the verdict's onset on: it compares its counter with that number. */
export function conditionCause(verdict: Verdict, evidence: RunEvidence, script: RunScript | null): Cause | null {
  if (script === null || !byCode.has(verdict.kind)) {
    return null;
  }
  const [from, to] = verdict.onsetRange;
  const reach = Math.max(2, sameStep * verdict.onsetStep, Math.min(to - from, 0.02 * verdict.onsetStep));
  const place = conditionAt(script.text, verdict.onsetStep, reach);
  if (evidence.rateStepped && evidence.rates !== null && lineOfNumber(script.text, evidence.rates[1]) !== null) {
    // The line that holds the new rate says more than the branch that it stands in.
    return null;
  }
  return place === null
    ? null
    : {
        cause: "code-changes-there",
        why: `The script does something else from there on: \`${place.text}\`.`,
        rules: [],
        weight: 1.2,
        nextStep: `Leave out what begins at step ${stepWords(verdict.onsetStep)}, and change nothing else.`,
        place: place.range,
      };
}

/** Where the script sets the rate that the log shows: the line that holds that number, or that computes the rate. */
export function rateLine(rate: number | null, script: RunScript | null): TextRange | null {
  if (script === null) {
    return null;
  }
  const write = script.facts.learningRateWrites.length === 1 ? script.facts.learningRateWrites[0] : undefined;
  const line =
    (rate === null ? null : lineOfNumber(script.text, rate)) ??
    lineMatching(script.text, /\b(?:peak|max|base|init)\w*_?(?:lr|rate)\b[\w, ]*=(?!=)/i) ??
    lineMatching(script.text, /^\s*(?:lr|rate|learning_rate)\s*=.*\b(?:step|it|i|epoch|t)\b/);
  return line?.range ?? (write === undefined ? null : { start: write.start, end: write.end });
}

/** Suspects of the kinds that have one typical cause each. */
export function kindCauses(verdict: Verdict, evidence: RunEvidence, script: RunScript | null): Cause[] {
  const optimizer = script === null ? null : steppedOptimizer(script.facts);
  const optimizerRange = optimizer === null ? null : { start: optimizer.start, end: optimizer.end };
  const line = (pattern: RegExp): TextRange | null =>
    script === null ? null : (lineMatching(script.text, pattern)?.range ?? null);
  const cause = (name: string, why: string, rules: string[], nextStep: string, place: TextRange | null): Cause[] => [
    { cause: name, why, rules, weight: 0.7, nextStep, place: place ?? optimizerRange },
  ];
  switch (verdict.kind) {
    case "overfitting":
      return cause(
        "memorized-data",
        "Training loss falls on while held-out loss rises: the model learns its examples by heart. The optimizer is not the fault.",
        [],
        `Keep the checkpoint of step ${stepWords(verdict.onsetStep)}, and stop there or regularize.`,
        null,
      );
    case "plateau":
      return cause(
        "nothing-learned",
        "A loss that never fell is consistent with weights that get no useful gradient (dead units, frozen layers), a learning rate that is far too small, or labels that say nothing.",
        [],
        "Train on one batch until its loss is near 0: what keeps that from working is the fault.",
        line(/\binit\.(?:constant_|zeros_|ones_)|requires_grad_?\s*[(=]\s*False/),
      );
    case "vanishing-gradient":
      return cause(
        "saturated-layers",
        "Gradients that shrink from layer to layer are consistent with saturating activations or weights that begin too small.",
        [],
        "Replace the sigmoid or tanh between layers by ReLU or GELU, or add residual connections.",
        line(
          /\b(?:nn\.)?(?:Sigmoid|Tanh)\(|(?:torch|F|tf|nn)\.(?:sigmoid|tanh)\(|activation\s*=\s*["'](?:sigmoid|tanh)/,
        ),
      );
    case "data-shift":
      return cause(
        "data",
        "A level that changes at once and stays is consistent with other data: a shard, a stage, an augmentation, labels.",
        evidence.namesBatches ? [] : ["batch-not-identified"],
        `Compare the samples just before and after step ${stepWords(verdict.onsetStep)}.`,
        line(/^\s*for\b.*\b(?:loader|dataloader|batches|dataset)\b/i),
      );
    case "repeatable-onset":
      return cause(
        "data",
        "Jumps at equal distances are consistent with one part of the data that comes round again.",
        evidence.namesBatches ? [] : ["batch-not-identified"],
        "Look at the samples that stand at that place of each epoch.",
        line(/^\s*for\b.*\b(?:loader|dataloader|batches|dataset)\b/i),
      );
    case "loss-scale-collapse":
      return cause(
        "non-finite-gradients",
        "Every backward pass gives infinite or NaN gradients: the scale falls and no step is made any more.",
        ["unstable-loss", "clip-before-unscale"],
        "Find the first undefined operation with torch.autograd.detect_anomaly() on that step, and make it stable.",
        script === null ? null : firstTerm(script),
      );
    case "adam-denominator":
      return cause(
        "small-denominators",
        "Updates that grow while gradients do not are consistent with second moments that have become tiny; the log cannot prove it.",
        [
          ...(script !== null && usesFloat16(script.facts) ? ["eps-unset-under-mixed-precision"] : []),
          "adam-state-not-logged",
        ],
        "Raise the optimizer's eps to 1e-6, and change nothing else.",
        optimizer?.arguments.eps?.range ?? null,
      );
    case "resume-without-optimizer-state":
      return cause(
        "optimizer-state-lost",
        "A jump right at the resume is consistent with an optimizer that lost its moments.",
        ["optimizer-state-not-saved"],
        "Save and load the optimizer's state with the weights, and resume again.",
        script?.facts.unsavedState.find(({ missing }) => missing === "optimizer")?.load?.statement ??
          line(/\bload_state_dict\(|\bload_weights\(|\bload_model\(/),
      );
    case "lr-change-coincident":
      return cause(
        "learning-rate-change",
        "It begins where the learning rate steps up.",
        ["learning-rate-high", "scheduler-step-order"],
        `Keep the learning rate${evidence.rates === null ? "" : ` at ${numberWords(evidence.rates[0])}`} there, and change nothing else.`,
        rateLine(evidence.rates?.[1] ?? null, script),
      );
    case "grad-explosion-smooth":
      return cause(
        evidence.rateRising ? "learning-rate-rising" : "gradients-grow",
        evidence.rateRising
          ? "The gradient norm grows while the learning rate rises."
          : "A median that grows little by little is consistent with weights that grow, or a learning rate past its stable limit.",
        ["missing-gradient-clipping", "learning-rate-high"],
        evidence.rateRising
          ? "Stop the rise of the learning rate before that step."
          : "Halve the learning rate from there.",
        evidence.rateRising ? rateLine(null, script) : null,
      );
    case "batch-norm-instability":
      return cause(
        "batch-norm-statistics",
        "Bursts in a network with batch norm are consistent with weights that decay until their effective step is too large.",
        [],
        "Lower the weight decay or the learning rate late in training, and change nothing else.",
        null,
      );
    default:
      return [];
  }
}

function firstTerm(script: RunScript): TextRange | null {
  const order = ["sqrt", "log", "division", "norm"];
  const term = [...script.facts.lossTerms].sort((a, b) => order.indexOf(a.operation) - order.indexOf(b.operation))[0];
  return term === undefined ? (lineMatching(script.text, /\.sqrt\(|torch\.sqrt\(/)?.range ?? null) : term;
}
