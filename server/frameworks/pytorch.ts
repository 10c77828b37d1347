import type { Framework } from "./framework.ts";
import { detachLoss, stabilizeLossTerm } from "./pytorchLossFixes.ts";
import { decoupleWeightDecay, setOptimizerArgument } from "./pytorchOptimizerFixes.ts";
import { clipGradientNorm, unscaleBeforeClip, zeroGradients } from "./pytorchStepFixes.ts";

/** Training loops written with torch. */
export const pytorch: Framework = {
  name: "pytorch",
  title: "PyTorch",
  mentions: ["torch"],
  fixes: {
    clipGradientNorm,
    unscaleBeforeClip,
    decoupleWeightDecay,
    setOptimizerArgument,
    zeroGradients,
    detachLoss,
    stabilizeLossTerm,
  },
};
