import ts from "typescript";
import { installTrainingLibraries } from "../../scripts/trainingLibraries.mjs";
import { checkScripts } from "./checkScripts.ts";
import { createTensorFlowRunner } from "./harness/tensorflowScript.ts";
import { effects } from "./tensorflowEffects.ts";

const run = await createTensorFlowRunner(installTrainingLibraries((text) => console.error(text)).node);

await checkScripts({
  folder: "tensorflowjs",
  frameworks: ["tensorflowjs"],
  async parse(text) {
    const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
    return diagnostics.length === 0 ? null : diagnostics.map(({ messageText }) => messageText).join("\n");
  },
  async check({ source, offer, fixed, earlier }) {
    const effect = effects[offer.effect];
    if (effect === undefined) return `no effect is known of ${offer.effect}`;
    effect({
      before: await run(source.text),
      after: await run(fixed),
      earlier: earlier === null ? null : await run(earlier),
    });
    return null;
  },
});
