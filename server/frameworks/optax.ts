import { argumentFor } from "../facts/candidates.ts";
import type { L2PenaltyFact } from "../facts/l2PenaltyFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { ModelTraitFact } from "../facts/trainingFacts.ts";
import { collectJaxAnomalyDetection } from "./anomalyDetection.ts";
import { collectOtherDecayedNorms } from "./decayedNorms.ts";
import type { Framework } from "./framework.ts";
import { collectLossLogs } from "./lossLogs.ts";
import { collectLossTerms } from "./lossTerms.ts";
import { collectOptaxUnsavedState } from "./optaxCheckpoints.ts";
import { optaxFixes } from "./optaxFixes.ts";
import { collectOptaxLoops } from "./optaxLoop.ts";
import { collectOptaxLossCalls } from "./optaxLossCalls.ts";
import { collectOptaxOptimizers, type OptaxOptimizerSite } from "./optaxOptimizers.ts";
import { collectOptaxPrecision } from "./optaxPrecision.ts";
import { collectEpochLoops } from "./pytorchEpochLoops.ts";
import { collectTorchTraits } from "./pytorchTraits.ts";
import { collectUnguardedLoops } from "./pytorchUnguardedLoops.ts";
import { collectTrainingFlags } from "./trainingFlags.ts";
import { unvalidatedLoops } from "./unvalidatedTraining.ts";
import { collectWarmlessSchedules } from "./warmlessSchedules.ts";

/** Training with JAX: optax's gradient transformations, with or without flax. */
export const optax: Framework = {
  name: "optax",
  title: "optax",
  language: "python",
  mentions: ["optax"],
  collect(source) {
    const optimizers = collectOptaxOptimizers(source);
    if (optimizers.length === 0) return null;
    const { drafts, facts } = collectOptaxLoops(source, optimizers);
    const traits = collectTraits(source);
    return {
      optimizers: optimizers.map(({ fact }) => fact),
      loops: facts,
      unvalidatedTrainings: unvalidatedLoops(source, drafts, traits, "optax"),
      evaluationModes: collectTrainingFlags(source, drafts, "optax"),
      schedulers: collectWarmlessSchedules(source, optimizers, "optax"),
      epochLoops: collectEpochLoops(source, drafts, "optax"),
      unguardedLoops: collectUnguardedLoops(source, drafts, "optax"),
      lossCalls: collectOptaxLossCalls(source),
      lossTerms: collectLossTerms(source, drafts, "optax"),
      precision: collectOptaxPrecision(source),
      decayedNorms: collectOtherDecayedNorms(source, optimizers, "optax"),
      lossLogs: collectLossLogs(source, drafts, "optax"),
      anomalyDetections: collectJaxAnomalyDetection(source),
      unsavedState: collectOptaxUnsavedState(source, optimizers, drafts),
      l2Penalties: optimizers.flatMap(decayPenalty),
      traits,
    };
  },
  fixes: optaxFixes,
};

/** `add_decayed_weights` before the Adam scaling of its chain is L2 regularization. */
function decayPenalty({ decayBefore, site }: OptaxOptimizerSite, index: number): readonly L2PenaltyFact[] {
  if (decayBefore === null) return [];
  const given = argumentFor(decayBefore, "weight_decay", 0);
  if (given === "unclear") return [];
  const resolved = given === null ? null : resolve(given.value, site.scope);
  const factor = resolved?.known === true && typeof resolved.value === "number" ? resolved.value : null;
  if (factor === null || factor === 0) return [];
  const { start, end } = decayBefore;
  return [{ start, end, framework: "optax", optimizers: [index], shownBy: "add_decayed_weights", factor }];
}

/** Recurrent and attention layers of flax and haiku, with what any Python file shows. */
function collectTraits(source: SourceIndex): readonly ModelTraitFact[] {
  const found = new Map(collectTorchTraits(source).map((fact) => [fact.trait, fact]));
  for (const { call, scope } of source.calls) {
    const name = qualifiedName(call.callee, scope)?.match(/^(?:flax|haiku)\.(?:\w+\.)*(\w+)$/)?.[1] ?? "";
    const trait = /^(LSTM|GRU|RNN|OptimizedLSTM|ConvLSTM)(Cell)?$/.test(name)
      ? "recurrent"
      : /Attention$/.test(name)
        ? "transformer"
        : /^BatchNorm$/.test(name)
          ? "batch-norm"
          : null;
    if (trait !== null && !found.has(trait))
      found.set(trait, { trait, shownBy: name, start: call.start, end: call.end });
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}
