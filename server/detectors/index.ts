/** The kinds of detectors, one line each; a new one is added here. */
import { adamDenominator } from "./adam-denominator.ts";
import { dataShift } from "./data-shift.ts";
import { gradExplosionIntermittent } from "./grad-explosion-intermittent.ts";
import { gradExplosionSmooth } from "./grad-explosion-smooth.ts";
import { lossGrowth } from "./loss-growth.ts";
import { lossScaleCollapse } from "./loss-scale-collapse.ts";
import { lossSpike } from "./loss-spike.ts";
import { lrChangeCoincident } from "./lr-change-coincident.ts";
import { nonFinite } from "./non-finite.ts";
import { overfitting } from "./overfitting.ts";
import { plateau } from "./plateau.ts";
import { recovered } from "./recovered.ts";
import { repeatableOnset } from "./repeatable-onset.ts";
import { resumeWithoutOptimizerState } from "./resume-without-optimizer-state.ts";
import { vanishingGradient } from "./vanishing-gradient.ts";
import type { DetectorKind } from "./verdict.ts";

export const detectorKinds: readonly DetectorKind[] = [
  nonFinite,
  lossScaleCollapse,
  resumeWithoutOptimizerState,
  repeatableOnset,
  lossSpike,
  lossGrowth,
  dataShift,
  recovered,
  gradExplosionIntermittent,
  gradExplosionSmooth,
  vanishingGradient,
  adamDenominator,
  plateau,
  overfitting,
  lrChangeCoincident,
];
