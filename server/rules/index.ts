import { accumulationNotAveraged } from "./accumulation-not-averaged.ts";
import { activationBeforeLoss } from "./activation-before-loss.ts";
import { adamL2WeightDecay } from "./adam-l2-weight-decay.ts";
import { adamStateNotLogged } from "./adam-state-not-logged.ts";
import { anomalyDetectionLeftOn } from "./anomaly-detection-left-on.ts";
import { batchNormSmallBatch } from "./batch-norm-small-batch.ts";
import { batchNotIdentified } from "./batch-not-identified.ts";
import { clipBeforeUnscale } from "./clip-before-unscale.ts";
import { clipIneffective } from "./clip-ineffective.ts";
import { clipMisplaced } from "./clip-misplaced.ts";
import { deepspeedConfig } from "./deepspeed-config.ts";
import { deprecatedAmp } from "./deprecated-amp.ts";
import { epsUnsetUnderMixedPrecision } from "./eps-unset-under-mixed-precision.ts";
import { evalModeMissing } from "./eval-mode-missing.ts";
import { fp16WithoutLossScaling } from "./fp16-without-loss-scaling.ts";
import { gradientNormNotLogged } from "./gradient-norm-not-logged.ts";
import { halfPrecisionParameters } from "./half-precision-parameters.ts";
import { learningRateHigh } from "./learning-rate-high.ts";
import { lossKeepsGraph } from "./loss-keeps-graph.ts";
import { lossScalerMisuse } from "./loss-scaler-misuse.ts";
import { manyHyperparametersChanged } from "./many-hyperparameters-changed.ts";
import { missingGradientClipping } from "./missing-gradient-clipping.ts";
import { noLearningRateSchedule } from "./no-learning-rate-schedule.ts";
import { noValidationLoss } from "./no-validation-loss.ts";
import { noWarmup } from "./no-warmup.ts";
import { nonfiniteHidden } from "./nonfinite-hidden.ts";
import { nonfiniteUnchecked } from "./nonfinite-unchecked.ts";
import { optimizerMissingParameters } from "./optimizer-missing-parameters.ts";
import { optimizerReset } from "./optimizer-reset.ts";
import { optimizerStateNotSaved } from "./optimizer-state-not-saved.ts";
import type { Rule } from "./rule.ts";
import { samplerEpochUnset } from "./sampler-epoch-unset.ts";
import { schedulerStepOrder } from "./scheduler-step-order.ts";
import { trainingDataNotShuffled } from "./training-data-not-shuffled.ts";
import { unstableLoss } from "./unstable-loss.ts";
import { unusedSuppression } from "./unused-suppression.ts";
import { weightDecayOnNormAndBias } from "./weight-decay-on-norm-and-bias.ts";
import { zeroGradMissing } from "./zero-grad-missing.ts";

/** Every rule, in the order of their names. */
export const rules: readonly Rule[] = [
  accumulationNotAveraged,
  activationBeforeLoss,
  adamL2WeightDecay,
  adamStateNotLogged,
  anomalyDetectionLeftOn,
  batchNormSmallBatch,
  batchNotIdentified,
  clipBeforeUnscale,
  clipIneffective,
  clipMisplaced,
  deepspeedConfig,
  deprecatedAmp,
  epsUnsetUnderMixedPrecision,
  evalModeMissing,
  fp16WithoutLossScaling,
  gradientNormNotLogged,
  halfPrecisionParameters,
  learningRateHigh,
  lossKeepsGraph,
  lossScalerMisuse,
  manyHyperparametersChanged,
  missingGradientClipping,
  noLearningRateSchedule,
  noValidationLoss,
  noWarmup,
  nonfiniteHidden,
  nonfiniteUnchecked,
  optimizerMissingParameters,
  optimizerReset,
  optimizerStateNotSaved,
  samplerEpochUnset,
  schedulerStepOrder,
  trainingDataNotShuffled,
  unstableLoss,
  unusedSuppression,
  weightDecayOnNormAndBias,
  zeroGradMissing,
];
