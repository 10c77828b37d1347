import type { Framework } from "./framework.ts";
import { tensorflowjsFixes } from "./tensorflowjsFixes.ts";

/** Training written with TensorFlow.js, in TypeScript or JavaScript. */
export const tensorflowjs: Framework = {
  name: "tensorflowjs",
  title: "TensorFlow.js",
  mentions: ["tensorflow/tfjs", "tf."],
  fixes: tensorflowjsFixes,
};
