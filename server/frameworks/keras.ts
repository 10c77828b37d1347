import { collectTensorflowAnomalyDetection } from "./anomalyDetection.ts";
import { collectOtherDecayedNorms } from "./decayedNorms.ts";
import { kerasFitEpochs } from "./fitEpochs.ts";
import type { Framework } from "./framework.ts";
import { collectKerasUnsavedState } from "./kerasCheckpoints.ts";
import { kerasFixes } from "./kerasFixes.ts";
import { collectKerasIneffectiveClips } from "./kerasIneffectiveClips.ts";
import { collectL2Penalties } from "./kerasL2Penalties.ts";
import { collectKerasLoops } from "./kerasLoop.ts";
import { collectKerasLossCalls, collectTensorflowLossCalls } from "./kerasLossCalls.ts";
import { collectKerasOptimizers } from "./kerasOptimizers.ts";
import { collectKerasPrecision } from "./kerasPrecision.ts";
import { collectKerasTraits } from "./kerasTraits.ts";
import { collectKerasUnguardedFits } from "./kerasUnguardedFits.ts";
import { collectKerasUnshuffledData } from "./kerasUnshuffledData.ts";
import { collectLossLogs } from "./lossLogs.ts";
import { collectLossTerms } from "./lossTerms.ts";
import { collectEpochLoops } from "./pytorchEpochLoops.ts";
import { collectUnguardedLoops } from "./pytorchUnguardedLoops.ts";
import { kerasSmallNormBatches } from "./smallNormBatches.ts";
import { collectPipelinesInOrder } from "./tensorflowUnshuffledData.ts";
import { collectTrainingFlags } from "./trainingFlags.ts";
import { unvalidatedFits, unvalidatedLoops } from "./unvalidatedTraining.ts";
import { collectWarmlessSchedules } from "./warmlessSchedules.ts";

/** Training with Keras 2 and 3, alone or as `tf.keras`, by `fit` or by a `GradientTape` of one's own. */
export const keras: Framework = {
  name: "keras",
  title: "Keras",
  language: "python",
  mentions: ["keras", "tensorflow"],
  // Facts begin at an optimizer, a compilation or a loss.
  needs: {
    words: ["optimizers", "enable_check_numerics", "compile", "ross_entropy", "rossentropy"],
    test: (text) => /optimizers|enable_check_numerics|compile\s*\(|[cC]ross_?entropy/.test(text),
  },
  collect(source) {
    const optimizers = collectKerasOptimizers(source);
    if (optimizers.length === 0 && !/\bkeras\b|GradientTape/.test(source.text)) return null;
    const { drafts, facts } = collectKerasLoops(source, optimizers);
    // Their graph is read by the framework of that name.
    const isTensorflow1 = /\w+Optimizer\(/.test(source.text);
    const optimizerFacts = optimizers.map(({ fact }) => fact);
    const traits = collectKerasTraits(source);
    const starts = new Set(facts.map(({ start }) => start));
    const fits = (source.callsByTerminalName.get("fit") ?? []).filter(({ call }) => starts.has(call.start));
    return {
      unshuffledData: [...collectKerasUnshuffledData(source, fits), ...collectPipelinesInOrder(source, fits, drafts)],
      smallNormBatches: kerasSmallNormBatches(source, fits),
      unvalidatedTrainings: [
        ...unvalidatedFits(source, fits, traits),
        ...unvalidatedLoops(source, drafts, traits, "keras"),
      ],
      optimizers: optimizerFacts,
      loops: facts,
      lossTerms: collectLossTerms(source, drafts, "keras"),
      l2Penalties: collectL2Penalties(source, "keras", optimizerFacts),
      precision: collectKerasPrecision(source, "keras"),
      lossCalls: [
        ...collectKerasLossCalls(source),
        ...(isTensorflow1 ? [] : collectTensorflowLossCalls(source, "keras")),
      ],
      traits,
      anomalyDetections: collectTensorflowAnomalyDetection(source),
      unsavedState: collectKerasUnsavedState(source, optimizers, drafts),
      decayedNorms: collectOtherDecayedNorms(source, optimizers, "keras"),
      lossLogs: collectLossLogs(source, drafts, "keras"),
      evaluationModes: collectTrainingFlags(source, drafts, "keras"),
      schedulers: collectWarmlessSchedules(source, optimizers, "keras"),
      epochLoops: [...collectEpochLoops(source, drafts, "keras"), ...kerasFitEpochs(fits, facts)],
      unguardedLoops: [...collectKerasUnguardedFits(source, facts), ...collectUnguardedLoops(source, drafts, "keras")],
      ineffectiveClips: collectKerasIneffectiveClips(optimizers),
    };
  },
  fixes: kerasFixes,
};
