/** The kinds of detectors, one line each; a new one is added here. */
import { lossGrowth } from "./loss-growth.ts";
import { lossSpike } from "./loss-spike.ts";
import { nonFinite } from "./non-finite.ts";
import type { DetectorKind } from "./verdict.ts";

export const detectorKinds: readonly DetectorKind[] = [nonFinite, lossSpike, lossGrowth];
