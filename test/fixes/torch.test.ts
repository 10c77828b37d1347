import { checkScripts } from "./checkScripts.ts";
import { startPythonWorker } from "./pythonWorker.ts";

const python = startPythonWorker();

await checkScripts({
  folder: "torch",
  frameworks: ["pytorch", "lightning", "huggingface"],
  parse: (text) => python.ask({ parse: [text] }),
  check: ({ source, offer, fixed, earlier }) =>
    python.ask({
      library: "torch",
      effect: offer.effect,
      before: source.text,
      after: fixed,
      title: offer.fix.title,
      ...(earlier === null ? {} : { baseline: earlier }),
    }),
  close: python.close,
});
