import type { Framework } from "./framework.ts";

/** Training written with TensorFlow.js, in TypeScript or JavaScript. */
export const tensorflowjs: Framework = {
  name: "tensorflowjs",
  title: "TensorFlow.js",
  mentions: ["tensorflow/tfjs", "tf."],
  fixes: {
    clipGradientNorm: () => null,
    unscaleBeforeClip: () => null,
    decoupleWeightDecay: () => null,
    setOptimizerArgument: () => null,
    zeroGradients: () => null,
    detachLoss: () => null,
    stabilizeLossTerm: () => null,
  },
};
