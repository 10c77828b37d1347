import { pathToFileURL } from "node:url";
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver";
import type { Diagnostic as LintDiagnostic, LocatedPlace } from "../lint/diagnostic.ts";
import type { CodePlace, RunView, VerdictView } from "../protocol.ts";
import { locationOf, type Program, pathOf } from "./programs.ts";
import { ruleDocumentUrl } from "./ruleLinks.ts";

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
} as const;

/** A verdict that led to a place in code, with the run that it is about. */
export interface PlacedVerdict {
  readonly run: RunView;
  readonly verdict: VerdictView;
  readonly place: CodePlace;
}

/** Everything that one text of a program shows: the rules' findings in it, and verdicts of runs that lead to it. */
export function diagnosticsOf(
  program: Program,
  uri: string,
  findings: readonly LintDiagnostic[],
  verdicts: readonly PlacedVerdict[],
): Diagnostic[] {
  return [
    ...findings.flatMap((finding) => {
      const location = locationOf(program, finding);
      return location?.uri === uri ? findingDiagnostic(program, finding) : [];
    }),
    ...verdicts.filter(({ place }) => sameFile(place.uri, uri)).map((placed) => verdictDiagnostic(placed)),
  ];
}

/** A finding as the editor shows it; empty when the program shows no text. */
export function findingDiagnostic(program: Program, finding: LintDiagnostic): Diagnostic[] {
  const location = locationOf(program, finding);
  if (!location) return [];
  const href = ruleDocumentUrl(finding.rule);
  return [
    {
      range: location.range,
      severity: severities[finding.severity],
      source: "haywire",
      code: finding.rule,
      ...(href ? { codeDescription: { href } } : {}),
      message: finding.message,
      ...(finding.rule === "unused-suppression" ? { tags: [DiagnosticTag.Unnecessary] } : {}),
      relatedInformation: finding.related.flatMap((place) => relatedInformation(program, place)),
    },
  ];
}

function relatedInformation(program: Program, place: LocatedPlace) {
  const { path, message, located } = place;
  if (path !== program.path) {
    return located === undefined
      ? []
      : [{ location: { uri: pathToFileURL(path).href, range: rangeOf(located) }, message }];
  }
  const location = locationOf(program, place);
  return location ? [{ location, message }] : [];
}

function rangeOf({ start, end }: NonNullable<LocatedPlace["located"]>) {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}

/** The rules that verdicts name as causes. */
export function rulesNamedBy(verdicts: readonly PlacedVerdict[]): ReadonlySet<string> {
  return new Set(verdicts.flatMap(({ verdict }) => verdict.causes.flatMap(({ rules }) => rules)));
}

/** A verdict as the editor shows it, at its place in the script. */
export function verdictDiagnostic({ run, verdict, place }: PlacedVerdict): Diagnostic {
  return {
    range: {
      start: { line: place.line, character: place.character },
      end: { line: place.endLine, character: place.endCharacter },
    },
    severity: DiagnosticSeverity.Warning,
    source: "haywire",
    code: verdict.kind,
    message: [`${run.name}: ${verdict.headline}`, verdict.nextStep].filter((line) => line.length > 0).join("\n"),
  };
}

/** Whether two URIs name one file however they are escaped: `file:///c%3A/a.py` and `file:///c:/a.py`. */
export function sameFile(left: string, right: string): boolean {
  return left === right || (left.startsWith("file:") && right.startsWith("file:") && pathOf(left) === pathOf(right));
}
