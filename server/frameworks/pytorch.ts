import type { Framework } from "./framework.ts";
import { leaveOutActivation } from "./lossInputFixes.ts";
import { collectLossTerms } from "./lossTerms.ts";
import { torchOptimizers } from "./pytorchDefaults.ts";
import { collectTorchGraphAccumulations } from "./pytorchGraphAccumulation.ts";
import { collectTorchLoops } from "./pytorchLoop.ts";
import { collectTorchLossCalls, torchLosses } from "./pytorchLossCalls.ts";
import { detachLoss, stabilizeLossTerm } from "./pytorchLossFixes.ts";
import { decoupleWeightDecay, setOptimizerArgument } from "./pytorchOptimizerFixes.ts";
import { collectTorchOptimizers } from "./pytorchOptimizers.ts";
import { collectTorchPrecision } from "./pytorchPrecision.ts";
import { clipGradientNorm, unscaleBeforeClip, zeroGradients } from "./pytorchStepFixes.ts";
import { collectTorchTraits } from "./pytorchTraits.ts";

/** Facts begin at an optimizer, a backward pass or a loss. */
const needs = new RegExp([...Object.keys(torchOptimizers), ...Object.keys(torchLosses), "backward\\s*\\("].join("|"));

/** Training loops written with torch. */
export const pytorch: Framework = {
  name: "pytorch",
  title: "PyTorch",
  language: "python",
  mentions: ["torch"],
  needs,
  collect(source, libraryVersions) {
    if (!/\btorch\b/.test(source.text)) return null;
    const optimizers = collectTorchOptimizers(source, libraryVersions);
    const loops = collectTorchLoops(source, optimizers);
    const drafts = loops.map(({ draft }) => draft);
    return {
      optimizers: optimizers.map(({ fact }) => fact),
      loops: loops.map(({ fact }) => fact),
      precision: collectTorchPrecision(source, optimizers, drafts),
      traits: collectTorchTraits(source),
      lossCalls: collectTorchLossCalls(source),
      lossTerms: collectLossTerms(source, drafts),
      graphAccumulations: collectTorchGraphAccumulations(source, drafts),
    };
  },
  fixes: {
    clipGradientNorm,
    unscaleBeforeClip,
    decoupleWeightDecay,
    setOptimizerArgument,
    zeroGradients,
    detachLoss,
    stabilizeLossTerm,
    correctLossInput: leaveOutActivation,
  },
};
