import type { TrainingFacts } from "./trainingFacts.ts";

/** What a file says that has nothing to do with training; the language goes by the file's name. */
export function emptyFacts(path: string): TrainingFacts {
  return {
    path,
    language: /\.(pyi?|ipynb)$/i.test(path) ? "python" : /\.(json|ya?ml)$/i.test(path) ? "configuration" : "typescript",
    frameworks: [],
    optimizers: [],
    loops: [],
    precision: [],
    traits: [],
    lossTerms: [],
    lossCalls: [],
    l2Penalties: [],
    graphAccumulations: [],
    trainers: [],
    ineffectiveClips: [],
    hiddenNonfinites: [],
    deepSpeedKeys: [],
    schedulers: [],
    learningRateWrites: [],
    epochLoops: [],
    unaveragedAccumulations: [],
    lossScalerCalls: [],
    exhaustedParameters: [],
    deprecatedAmp: [],
    missingParameters: [],
    unsavedState: [],
    lossLogs: [],
    anomalyDetections: [],
    unguardedLoops: [],
    samplerEpochs: [],
    hyperparameters: [],
    imports: [],
  };
}
