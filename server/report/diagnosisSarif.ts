import type { Log, PhysicalLocation, Result } from "sarif";
import { verdictKinds } from "../detectors/verdict.ts";
import type { DiagnosisReport, ReportedRun, ReportedVerdict } from "../monitor/logDiagnosis.ts";
import { jsonText } from "./jsonText.ts";
import { uriOf } from "./sarifReport.ts";

const levels = { error: "error", warning: "warning", info: "note" } as const;

/**
 * `diagnose --format sarif`: SARIF 2.1.0 with a result a verdict, at the line of code that it leads to, else at the log. A rule is a
 * kind of verdict.
 */
export function diagnosisSarif({ runs }: DiagnosisReport, version: string): string {
  const log: Log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: { name: "haywire", semanticVersion: version, rules: verdictKinds.map((kind) => ({ id: kind })) },
        },
        columnKind: "unicodeCodePoints",
        results: runs.flatMap((run) => run.verdicts.map((verdict) => resultOf(run, verdict))),
      },
    ],
  };
  return jsonText(log);
}

function resultOf(run: ReportedRun, verdict: ReportedVerdict): Result {
  const { kind, severity, headline, evidence, next_step, code, onset_step, onset_range, detected_step, confidence } =
    verdict;
  const logs = run.sources.map((source): PhysicalLocation => ({ artifactLocation: { uri: uriOf(source.path) } }));
  const inCode: PhysicalLocation | null = code && {
    artifactLocation: { uri: uriOf(code.filename) },
    region: { startLine: code.row, startColumn: code.column },
  };
  const [first, ...others] = inCode === null ? logs : [inCode, ...logs];
  return {
    ruleId: kind,
    ruleIndex: verdictKinds.indexOf(kind),
    level: levels[severity],
    message: {
      text: [`${run.name}: ${headline}`, ...evidence, ...(next_step === "" ? [] : [next_step])].map(sentence).join(" "),
    },
    ...(first === undefined ? {} : { locations: [{ physicalLocation: first }] }),
    ...(others.length === 0
      ? {}
      : {
          relatedLocations: others.map((physicalLocation, id) => ({
            id,
            physicalLocation,
            message: { text: "A log of the run" },
          })),
        }),
    properties: { run: run.name, onset_step, onset_range, detected_step, confidence },
  };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
