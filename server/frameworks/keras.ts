import type { Framework } from "./framework.ts";
import { kerasFixes } from "./kerasFixes.ts";
import { collectKerasLoops } from "./kerasLoop.ts";
import { collectKerasLossCalls } from "./kerasLossCalls.ts";
import { collectKerasOptimizers } from "./kerasOptimizers.ts";
import { collectKerasPrecision } from "./kerasPrecision.ts";
import { collectKerasTraits } from "./kerasTraits.ts";

/** Training with Keras 2 and 3, alone or as `tf.keras`, by `fit` or by a `GradientTape` of one's own. */
export const keras: Framework = {
  name: "keras",
  title: "Keras",
  language: "python",
  mentions: ["keras", "tensorflow"],
  collect(source) {
    const optimizers = collectKerasOptimizers(source);
    if (optimizers.length === 0 && !/\bkeras\b|GradientTape/.test(source.text)) return null;
    const { facts } = collectKerasLoops(source, optimizers);
    return {
      optimizers: optimizers.map(({ fact }) => fact),
      loops: facts,
      precision: collectKerasPrecision(source, "keras"),
      lossCalls: collectKerasLossCalls(source),
      traits: collectKerasTraits(source),
    };
  },
  fixes: kerasFixes,
};
