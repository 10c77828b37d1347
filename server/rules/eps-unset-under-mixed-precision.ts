import type {
  FrameworkName,
  OptimizerArgument,
  OptimizerFact,
  PrecisionFact,
  TrainingFacts,
} from "../facts/trainingFacts.ts";
import { optimizersHere } from "../facts/trainingFacts.ts";
import { argumentText, certainNumber, mayBeTrue, numberText, optimizerName, valuePlaces } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import { settingsOf } from "./groupSettings.ts";
import type { Rule, Severity } from "./rule.ts";
import { isOffByDefault, keepsMasterWeights, precisionInUse } from "./trainingContext.ts";

/** Half of float16's smallest subnormal, 2^-24: anything up to it rounds to zero (IEEE 754 binary16). */
const zeroInFloat16 = 2 ** -25;
/** Measured on torch 2.13: up to here one step of lr 1e-3 moves a float16 weight with gradient 1e-4 by 100 × lr or more. */
const tooSmallInFloat16 = 1e-6;

/** How each framework computes in half precision with float32 parameters. */
const keepFloat32: Readonly<Partial<Record<FrameworkName, string>>> = {
  pytorch: "Keep float32 parameters and use autocast",
  keras: "Keep float32 parameters with the policy mixed_float16",
  optax: "Keep float32 parameters and compute in float16 by dtype alone",
};

interface Case {
  readonly severity: Severity;
  readonly eps: string;
  readonly message: string;
  readonly why: string;
}

export const epsUnsetUnderMixedPrecision: Rule = {
  name: "eps-unset-under-mixed-precision",
  severity: "info",
  title: "Adam's eps does not fit the reduced precision in use",
  frameworks: ["pytorch", "keras", "tensorflow1", "optax"],
  sources: [
    "https://discuss.pytorch.org/t/1765 (Adam + half = NaN; eps the culprit)",
    "https://github.com/pytorch/pytorch/issues/26218",
    "IEEE 754 binary16: smallest subnormal 5.96e-8",
    "torch 2.13 optim/adam.py L35-49: eps = 1e-8",
    "Keras 3.15 src/optimizers/adam.py: epsilon = 1e-7; tensorflow/python/training/adam.py: 1e-8",
    "optax _src/alias.py L432: eps = 1e-8",
  ],
  check(context, report) {
    if (keepsMasterWeights(context.facts)) return;
    for (const optimizer of optimizersHere(context.facts)) {
      if (!optimizer.adamFamily || mayBeTrue(optimizer.arguments.fused)) continue;
      const precision = precisionInUse(context.facts, optimizer.framework);
      const found = parametersCase(optimizer, precision) ?? autocastCase(optimizer, precision);
      if (found === null) continue;
      const eps = epsOf(optimizer);
      const epsPlaces = eps === undefined ? [] : valuePlaces(eps);
      const place = eps?.range ?? optimizer.nameRange;
      const isOwn = eps === optimizer.arguments.eps;
      const draft = !isOwn
        ? null
        : context.fixesOf(optimizer.framework).setOptimizerArgument(context, optimizer, "eps", found.eps);
      report({
        start: place.start,
        end: place.end,
        severity: found.severity,
        message: found.message,
        fixes: gradedFix(draft, "unsafe", found.why),
        related: [...precisionPlaces(context.facts, precision), ...epsPlaces],
      });
    }
  },
};

/** The eps that some parameters get: the optimizer's own, or the smallest of its groups where each brings its own. */
function epsOf(optimizer: OptimizerFact): OptimizerArgument | undefined {
  const settings = settingsOf(optimizer, "eps");
  const own = settings.find(({ group }) => group === null);
  if (own !== undefined) return own.argument;
  const known = settings.filter(({ argument }) => certainNumber(argument) !== null);
  return known.toSorted((a, b) => (certainNumber(a.argument) ?? 0) - (certainNumber(b.argument) ?? 0))[0]?.argument;
}

/** The optimizer's own parameters are float16: eps and the second moment are computed there too. */
function parametersCase(optimizer: OptimizerFact, precision: readonly PrecisionFact[]): Case | null {
  const fact = precision.find(({ scope, type }) => scope === "parameters" && type === "float16");
  const argument = epsOf(optimizer);
  const eps = certainNumber(argument);
  if (fact === undefined || argument === undefined || eps === null || eps > tooSmallInFloat16) return null;
  const zero = eps <= zeroInFloat16;
  const outcome = zero
    ? "is 0 in float16: weights with small or zero gradients become NaN or infinite in the first step"
    : "is too small for float16, where second moments underflow to 0 too: one step can move a weight by 100 times the learning rate";
  return {
    severity: zero && !isOffByDefault(fact.enabled) ? "error" : "warning",
    eps: "1e-4",
    message: `${optimizerName(optimizer)}'s parameters are float16 (${fact.shownBy}), and ${argumentText(argument, optimizer)} ${outcome}. ${keepFloat32[optimizer.framework] ?? "Keep float32 parameters"}, or set ${argument.keyword} to 1e-4.`,
    why: "Weights with gradients near or below 1e-4 move more slowly.",
  };
}

/** Parameters stay float32, so eps itself survives: worth knowing, and a targeted change when a failure looks numerical. */
function autocastCase(optimizer: OptimizerFact, precision: readonly PrecisionFact[]): Case | null {
  const argument = epsOf(optimizer);
  const eps = certainNumber(argument);
  if (argument === undefined || argument.given || eps === null || eps >= 1e-7) return null;
  const fact =
    precision.find((each) => each.type === "float16" && !isOffByDefault(each.enabled)) ??
    precision.find(({ type }) => type !== "unknown");
  if (fact === undefined) return null;
  const sure = fact.type === "float16" && fact.enabled.known && fact.enabled.value;
  const kept = fact.scope === "autocast" ? "parameters stay float32 here" : "bfloat16 keeps float32's range";
  const flag = isOffByDefault(fact.enabled) ? ", off by default" : "";
  return {
    severity: sure ? "info" : "hint",
    eps: "1e-7",
    message: `${optimizerName(optimizer)} runs with ${argumentText(argument, optimizer)} under ${fact.type} (${fact.shownBy}${flag}); ${kept}, so this is no fault by itself. If steps blow up late while the loss looks normal, eps = ${numberText(1e-7)} is one targeted change to try.`,
    why: "Weights whose gradients are near 1e-7 move more slowly.",
  };
}

function precisionPlaces(facts: TrainingFacts, precision: readonly PrecisionFact[]) {
  return precision.slice(0, 1).map((fact) => ({
    path: facts.path,
    start: fact.start,
    end: fact.end,
    message: `${fact.shownBy} sets the precision here`,
  }));
}
