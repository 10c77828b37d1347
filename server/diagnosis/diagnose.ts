import { pathToFileURL } from "node:url";
import { numberWords, stepWords, timesWords } from "../detectors/numberWords.ts";
import type { Verdict, VerdictKind } from "../detectors/verdict.ts";
import type { CodePlace, VerdictView } from "../protocol.ts";
import type { Run } from "../runs/run.ts";
import { indexLines, positionAt } from "../text/lineIndex.ts";
import type { TextRange } from "../text/range.ts";
import { causesOf } from "./causes.ts";
import { headlineOf } from "./headline.ts";
import type { RunEvidence } from "./runEvidence.ts";
import type { RunScript } from "./script.ts";

/** Causes shown: further ones would not be tried. */
const mostCauses = 4;

/**
 * What a verdict means for its run: causes in order of weight from the evidence, one next step, and the place in the script
 * where it is made. `seen` is `evidenceAt` of the verdict. The place is where the strongest cause points, else the optimizer; null without a script. Pure.
 */
export function diagnose(verdict: Verdict, seen: RunEvidence, run: Run, script: RunScript | null): VerdictView {
  const causes = causesOf(verdict, seen, script);
  const first = causes[0];
  return {
    id: `${run.id} ${verdict.kind} ${verdict.series} ${verdict.onsetStep}`,
    kind: verdict.kind,
    headline: headlineOf(verdict, seen, run),
    onsetStep: verdict.onsetStep,
    onsetRange: verdict.onsetRange,
    detectedStep: verdict.detectedStep,
    confidence: verdict.confidence,
    severity: severityOf(verdict.kind),
    evidence: [...verdict.evidence, ...otherEvidence(verdict, seen)],
    causes: causes.slice(0, mostCauses).map(({ cause, why, rules }) => ({ cause, why, rules })),
    nextStep: first?.nextStep ?? "",
    code: script === null || first === undefined ? null : placeOf(first.place, script),
  };
}

/** NaN ends a run; growth and spikes may be survived; a recovery is good news. */
function severityOf(kind: VerdictKind): VerdictView["severity"] {
  return kind === "non-finite" || kind === "loss-scale-collapse" ? "error" : kind === "recovered" ? "info" : "warning";
}

function otherEvidence(verdict: Verdict, seen: RunEvidence): string[] {
  const said: string[] = [];
  if (seen.gradientRatio !== null && seen.gradientStep !== null && seen.gradientRatio >= 3) {
    said.push(`gradient norm ${timesWords(seen.gradientRatio)} its median at ${stepWords(seen.gradientStep)}`);
  }
  if (seen.rates !== null && verdict.kind !== "loss-spike") {
    const [was, is] = seen.rates;
    said.push(
      was === is
        ? `learning rate unchanged at ${numberWords(is)}`
        : `learning rate ${numberWords(was)} → ${numberWords(is)}`,
    );
  }
  return said;
}

function placeOf(range: TextRange | null, script: RunScript): CodePlace | null {
  if (range === null) {
    return null;
  }
  const lines = indexLines(script.text);
  const start = positionAt(lines, range.start);
  const end = positionAt(lines, range.end);
  const { path } = script.facts;
  return {
    uri: /^[a-z][\w+.-]+:/i.test(path) ? path : pathToFileURL(path).href,
    line: start.line,
    character: start.character,
    endLine: end.line,
    endCharacter: end.character,
  };
}
