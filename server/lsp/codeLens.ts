import type { CodeLens } from "vscode-languageserver";
import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { RunView } from "../protocol.ts";
import { locationOf, type Program } from "./programs.ts";

/** Above each training loop of a text: run the script and watch it, and how its last run went. */
export function codeLenses(program: Program, facts: TrainingFacts, uri: string, lastRun: RunView | null): CodeLens[] {
  return facts.loops.flatMap((loop) => {
    const location = locationOf(program, loop.header);
    if (location?.uri !== uri) return [];
    const title = lastRun ? `▶ Run and watch · last run: ${stateText(lastRun)}` : "▶ Run and watch";
    return [{ range: location.range, command: { title, command: "haywire.runAndWatch", arguments: [program.uri] } }];
  });
}

/** `finished at step 1,200`, or the verdict where there is one; a live run's step would be old before it is read. */
function stateText(run: RunView): string {
  const [verdict] = run.verdicts;
  if (verdict) return verdict.headline;
  return run.lastStep === null || run.state === "live"
    ? run.state
    : `${run.state} at ${run.stepAxis} ${run.lastStep.toLocaleString("en-US")}`;
}
