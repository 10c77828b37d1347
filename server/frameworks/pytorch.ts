import { collectTorchAnomalyDetection, removeAnomalyDetection } from "./anomalyDetection.ts";
import { exemptNorms } from "./decayedNormFixes.ts";
import { collectTorchDecayedNorms } from "./decayedNorms.ts";
import type { Framework } from "./framework.ts";
import { collectReplacedLosses } from "./hiddenNonfinites.ts";
import { showNonfinite } from "./huggingFaceFixes.ts";
import { replaceThreshold } from "./ineffectiveClips.ts";
import { collectLightning } from "./lightningLoops.ts";
import { lightningTrainers } from "./lightningTrainers.ts";
import { collectLightningUnshuffledData } from "./lightningUnshuffledData.ts";
import { leaveOutActivation } from "./lossInputFixes.ts";
import { collectLossLogs } from "./lossLogs.ts";
import { collectLossTerms } from "./lossTerms.ts";
import { averageAccumulation } from "./pytorchAccumulationFixes.ts";
import { collectTorchUnaveragedAccumulations } from "./pytorchAccumulations.ts";
import { logAdamState } from "./pytorchAdamStateFixes.ts";
import { collectTorchBatchLoops } from "./pytorchBatchLoops.ts";
import { identifyBatches } from "./pytorchBatchRecordFixes.ts";
import { saveState } from "./pytorchCheckpointFixes.ts";
import { collectTorchUnsavedState } from "./pytorchCheckpoints.ts";
import { listParameters, moveClip } from "./pytorchClipFixes.ts";
import { iteratedLoaders } from "./pytorchDataLoaders.ts";
import { collectDeprecatedAmp, currentAmp } from "./pytorchDeprecatedAmp.ts";
import { collectEpochLoops } from "./pytorchEpochLoops.ts";
import { setEvaluationMode } from "./pytorchEvaluationFixes.ts";
import { collectTorchEvaluationModes } from "./pytorchEvaluationModes.ts";
import { collectTorchExhaustedParameters } from "./pytorchExhaustedParameters.ts";
import { logGradientNorm } from "./pytorchGradientNormFixes.ts";
import { collectTorchGraphAccumulations } from "./pytorchGraphAccumulation.ts";
import { collectTorchIneffectiveClips } from "./pytorchIneffectiveClips.ts";
import { collectTorchLoops } from "./pytorchLoop.ts";
import { collectTorchLossCalls } from "./pytorchLossCalls.ts";
import { detachLoss, stabilizeLossTerm } from "./pytorchLossFixes.ts";
import { collectTorchLossScalerCalls } from "./pytorchLossScalers.ts";
import { torchNeeds } from "./pytorchMentions.ts";
import { collectTorchMissingParameters } from "./pytorchMissingParameters.ts";
import { guardStep } from "./pytorchNonfiniteFixes.ts";
import { decoupleWeightDecay, setOptimizerArgument, turnOnAmsgrad } from "./pytorchOptimizerFixes.ts";
import { resetOptimizer } from "./pytorchOptimizerResetFixes.ts";
import { collectTorchOptimizerRestores } from "./pytorchOptimizerRestores.ts";
import { collectTorchOptimizers } from "./pytorchOptimizers.ts";
import { collectTorchOptimizersElsewhere } from "./pytorchOptimizersElsewhere.ts";
import { collectTorchPrecision } from "./pytorchPrecision.ts";
import { collectTorchRateWrites } from "./pytorchRateWrites.ts";
import { collectTorchSamplerEpochs } from "./pytorchSamplerEpochs.ts";
import { setSamplerEpoch } from "./pytorchSamplerFixes.ts";
import { addGradScaler, correctScalerCall } from "./pytorchScalerFixes.ts";
import {
  moveSchedulerStep,
  scheduleRate,
  stepOnMetric,
  stepScheduler,
  warmUpRate,
  warmUpSchedule,
} from "./pytorchSchedulerFixes.ts";
import { collectTorchSchedulers } from "./pytorchSchedulers.ts";
import { clipGradientNorm, unscaleBeforeClip, zeroGradients } from "./pytorchStepFixes.ts";
import { trainingLevels } from "./pytorchTrainingLevels.ts";
import { collectTorchTraits } from "./pytorchTraits.ts";
import { collectUnguardedLoops } from "./pytorchUnguardedLoops.ts";
import { collectTorchUnshuffledData } from "./pytorchUnshuffledData.ts";
import { shuffleTrainingData } from "./shuffleFixes.ts";
import { torchSmallNormBatches } from "./smallNormBatches.ts";
import { unvalidatedLoops, unvalidatedModules } from "./unvalidatedTraining.ts";

/** Training loops written with torch. */
export const pytorch: Framework = {
  name: "pytorch",
  title: "PyTorch",
  language: "python",
  mentions: ["torch"],
  needs: torchNeeds,
  collect(source, libraryVersions) {
    if (!/\btorch\b/.test(source.text)) return null;
    const optimizers = [
      ...collectTorchOptimizers(source, libraryVersions),
      ...collectTorchOptimizersElsewhere(source, libraryVersions),
    ];
    const loops = collectTorchLoops(source, optimizers);
    const lightning = collectLightning(source, optimizers);
    const drafts = loops.map(({ draft }) => draft);
    const schedulers = collectTorchSchedulers(source, optimizers, drafts, libraryVersions);
    const levels = trainingLevels(source, drafts);
    const iterated = iteratedLoaders(source, drafts);
    const traits = collectTorchTraits(source);
    return {
      optimizers: optimizers.map(({ fact }) => fact),
      loops: [...loops.map(({ fact }) => fact), ...lightning.loops],
      trainers: lightning.trainers,
      precision: [...collectTorchPrecision(source, optimizers, drafts), ...lightning.precision],
      ineffectiveClips: [...collectTorchIneffectiveClips(source), ...lightning.ineffectiveClips],
      hiddenNonfinites: collectReplacedLosses(source),
      traits,
      lossCalls: collectTorchLossCalls(source),
      lossTerms: collectLossTerms(source, drafts),
      schedulers,
      learningRateWrites: collectTorchRateWrites(source),
      epochLoops: [...collectEpochLoops(source, drafts, "pytorch"), ...lightning.epochLoops],
      unaveragedAccumulations: collectTorchUnaveragedAccumulations(source, drafts),
      lossScalerCalls: collectTorchLossScalerCalls(source),
      deprecatedAmp: collectDeprecatedAmp(source, libraryVersions),
      missingParameters: collectTorchMissingParameters(source, optimizers, drafts),
      unsavedState: collectTorchUnsavedState(source, optimizers, drafts, schedulers),
      unguardedLoops: collectUnguardedLoops(source, drafts, "pytorch"),
      anomalyDetections: [...collectTorchAnomalyDetection(source), ...lightning.anomalyDetections],
      decayedNorms: collectTorchDecayedNorms(source, optimizers),
      lossLogs: collectLossLogs(source, drafts, "pytorch"),
      batchLoops: collectTorchBatchLoops(source, drafts),
      optimizerRestores: collectTorchOptimizerRestores(source, optimizers),
      exhaustedParameters: collectTorchExhaustedParameters(source, optimizers),
      evaluationModes: collectTorchEvaluationModes(source, drafts),
      unvalidatedTrainings: [
        ...unvalidatedLoops(source, drafts, traits, "pytorch"),
        ...unvalidatedModules(source, lightningTrainers(source), traits),
      ],
      unshuffledData: [
        ...collectTorchUnshuffledData(source, iterated, levels),
        ...collectLightningUnshuffledData(source, lightningTrainers(source)),
      ],
      smallNormBatches: torchSmallNormBatches(source, iterated, traits),
      samplerEpochs: collectTorchSamplerEpochs(source, iterated, levels),
      graphAccumulations: collectTorchGraphAccumulations(source, drafts),
    };
  },
  fixes: {
    clipGradientNorm,
    logGradientNorm,
    logAdamState,
    identifyBatches,
    resetOptimizer,
    exemptNorms,
    removeAnomalyDetection,
    guardStep,
    unscaleBeforeClip,
    decoupleWeightDecay,
    setOptimizerArgument,
    turnOnAmsgrad,
    saveState,
    currentAmp,
    zeroGradients,
    averageAccumulation,
    moveSchedulerStep,
    stepOnMetric,
    stepScheduler,
    scheduleRate,
    warmUpRate,
    warmUpSchedule,
    moveClip,
    correctScalerCall,
    addGradScaler,
    listParameters,
    setEvaluationMode,
    shuffleTrainingData,
    setSamplerEpoch,
    detachLoss,
    stabilizeLossTerm,
    correctLossInput: leaveOutActivation,
    makeClipEffective: replaceThreshold,
    showNonfinite,
  },
};
