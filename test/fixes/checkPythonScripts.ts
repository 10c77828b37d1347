import type { FrameworkName } from "../../server/facts/trainingFacts.ts";
import { checkScripts } from "./checkScripts.ts";
import { startPythonWorker } from "./pythonWorker.ts";

/** Tests the scripts of `scripts/LIBRARY` by the effects of `harness/LIBRARY_effects.py`. */
export async function checkPythonScripts(library: string, frameworks: readonly FrameworkName[]): Promise<void> {
  const python = startPythonWorker();
  await checkScripts({
    folder: library,
    frameworks,
    parse: (text) => python.ask({ parse: [text] }),
    check: ({ source, offer, fixed, earlier }) =>
      python.ask({
        library,
        effect: offer.effect,
        before: source.text,
        after: fixed,
        title: offer.fix.title,
        ...(earlier === null ? {} : { baseline: earlier }),
      }),
    close: python.close,
  });
}
