import type { Framework } from "./framework.ts";
import { collectTfjsUnshuffledData } from "./kerasUnshuffledData.ts";
import { collectLossTerms } from "./lossTerms.ts";
import { tensorflowjsFixes } from "./tensorflowjsFixes.ts";
import { collectTfjsLoops } from "./tensorflowjsLoop.ts";
import { collectTfjsLossCalls } from "./tensorflowjsLossCalls.ts";
import { collectTfjsOptimizers } from "./tensorflowjsOptimizers.ts";
import { collectTfjsTraits } from "./tensorflowjsTraits.ts";
import { unvalidatedTfjsFits } from "./unvalidatedTraining.ts";

/** Training written with TensorFlow.js, in TypeScript or JavaScript. */
export const tensorflowjs: Framework = {
  name: "tensorflowjs",
  title: "TensorFlow.js",
  language: "typescript",
  mentions: ["tensorflow/tfjs", "tf."],
  collect(source) {
    const optimizers = collectTfjsOptimizers(source);
    if (optimizers.length === 0 && !/tensorflow\/tfjs|\btf\./.test(source.text)) return null;
    const { drafts, facts } = collectTfjsLoops(source, optimizers);
    const traits = collectTfjsTraits(source);
    const starts = new Set(facts.map(({ start }) => start));
    const fits = ["fit", "fitDataset"]
      .flatMap((name) => source.callsByTerminalName.get(name) ?? [])
      .filter(({ call }) => starts.has(call.start));
    return {
      unshuffledData: collectTfjsUnshuffledData(source, fits),
      unvalidatedTrainings: unvalidatedTfjsFits(source, fits, traits),
      optimizers: optimizers.map(({ fact }) => fact),
      loops: facts,
      traits,
      lossCalls: collectTfjsLossCalls(source),
      lossTerms: collectLossTerms(source, drafts),
    };
  },
  fixes: tensorflowjsFixes,
};
