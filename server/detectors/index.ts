/** The kinds of detectors, one line each; a new one is added here. */
import type { DetectorKind } from "./verdict.ts";

export const detectorKinds: readonly DetectorKind[] = [];
