import type { FrameworkFixes } from "./framework.ts";

const none = (): null => null;

/** Stands in for the fixes that a framework has no way to write. */
export const noFixes: FrameworkFixes = {
  clipGradientNorm: none,
  unscaleBeforeClip: none,
  decoupleWeightDecay: none,
  setOptimizerArgument: none,
  zeroGradients: none,
  averageAccumulation: none,
  moveSchedulerStep: none,
  stepOnMetric: none,
  stepScheduler: none,
  scheduleRate: none,
  moveClip: none,
  correctScalerCall: none,
  addGradScaler: none,
  listParameters: none,
  currentAmp: none,
  setEvaluationMode: none,
  saveState: none,
  shuffleTrainingData: none,
  setSamplerEpoch: none,
  detachLoss: none,
  stabilizeLossTerm: none,
  correctLossInput: none,
  makeClipEffective: none,
  showNonfinite: none,
  correctDeepSpeedKey: none,
  logGradientNorm: none,
  logAdamState: none,
  identifyBatches: none,
  resetOptimizer: none,
  exemptNorms: none,
  removeAnomalyDetection: none,
  guardStep: none,
};
