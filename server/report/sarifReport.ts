import type { Location, Log, PhysicalLocation, Region, ReportingDescriptor, Result } from "sarif";
import type { Diagnostic, LocatedPlace } from "../lint/diagnostic.ts";
import type { Rule, Severity } from "../rules/rule.ts";
import { isThisFile } from "./jsonReport.ts";
import { jsonText } from "./jsonText.ts";
import type { ReportedFile } from "./reportedFile.ts";

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
  hint: "note",
};

export interface SarifOptions {
  readonly rules: readonly Rule[];
  /** Readable documents in Markdown by rule name. */
  readonly documents: ReadonlyMap<string, string>;
  /** Haywire's own version. */
  readonly version: string;
}

/** `check --format sarif`: SARIF 2.1.0 with each rule's document as help, fixes, and problems as notifications. */
export function sarifReport(files: readonly ReportedFile[], { rules, documents, version }: SarifOptions): string {
  const indices = new Map(rules.map(({ name }, index) => [name, index]));
  const log: Log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "haywire",
            semanticVersion: version,
            rules: rules.map((rule) => descriptor(rule, documents)),
          },
        },
        columnKind: "unicodeCodePoints",
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: files.flatMap((file) =>
              file.problems.map((problem) => ({
                level: "warning" as const,
                message: { text: problem.message },
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: uriOf(file.path) },
                      ...(problem.offset === undefined
                        ? {}
                        : { region: { startLine: file.locate(problem.offset).row } }),
                    },
                  },
                ],
              })),
            ),
          },
        ],
        results: files.flatMap((file) => file.diagnostics.map((diagnostic) => result(file, diagnostic, indices))),
      },
    ],
  };
  return jsonText(log);
}

function descriptor(rule: Rule, documents: ReadonlyMap<string, string>): ReportingDescriptor {
  const markdown = documents.get(rule.name);
  return {
    id: rule.name,
    shortDescription: { text: `${rule.title}.` },
    defaultConfiguration: { level: levels[rule.severity] },
    ...(markdown === undefined ? {} : { help: { text: markdown, markdown } }),
    properties: { tags: [...rule.frameworks], sources: rule.sources },
  };
}

function result(file: ReportedFile, diagnostic: Diagnostic, indices: ReadonlyMap<string, number>): Result {
  const start = file.locate(diagnostic.start);
  const ruleIndex = indices.get(diagnostic.rule);
  const related: Location[] = diagnostic.related
    .filter(({ path, located }) => isThisFile(file, path) || located !== undefined)
    .map((place, id) => ({ id, message: { text: place.message }, physicalLocation: relatedLocation(file, place) }));
  return {
    ruleId: diagnostic.rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: levels[diagnostic.severity],
    message: { text: diagnostic.message },
    locations: [{ physicalLocation: physicalLocation(file, diagnostic.start, diagnostic.end) }],
    ...(related.length === 0 ? {} : { relatedLocations: related }),
    // A notebook's rows count within a cell, where a replacement in the file itself would go astray.
    ...(start.cell === null && diagnostic.fixes.length > 0 ? { fixes: fixesOf(file, diagnostic) } : {}),
    properties: { severity: diagnostic.severity, ...(start.cell === null ? {} : { cell: start.cell }) },
  };
}

function fixesOf(file: ReportedFile, diagnostic: Diagnostic): NonNullable<Result["fixes"]> {
  return diagnostic.fixes
    .filter(({ edits }) => edits.length > 0)
    .map((fix) => ({
      description: { text: fix.title },
      artifactChanges: [
        {
          artifactLocation: { uri: uriOf(file.path) },
          replacements: fix.edits.map(({ start, end, newText }) => ({
            deletedRegion: region(file, start, end),
            insertedContent: { text: newText },
          })),
        },
      ],
      properties: { applicability: fix.applicability },
    }));
}

function relatedLocation(file: ReportedFile, { path, start, end, located }: LocatedPlace): PhysicalLocation {
  if (located === undefined || isThisFile(file, path)) return physicalLocation(file, start, end);
  const { start: from, end: to } = located;
  const region = { startLine: from.row, startColumn: from.column, endLine: to.row, endColumn: to.column };
  return { artifactLocation: { uri: uriOf(path) }, region };
}

function physicalLocation(file: ReportedFile, start: number, end: number): PhysicalLocation {
  return { artifactLocation: { uri: uriOf(file.path) }, region: region(file, start, end) };
}

function region(file: ReportedFile, start: number, end: number): Region {
  const from = file.locate(start);
  const to = file.locate(end);
  return { startLine: from.row, startColumn: from.column, endLine: to.row, endColumn: to.column };
}

/** A relative path as a relative URI, an absolute one as a `file:` URI. */
export function uriOf(path: string): string {
  const encoded = path.replace(/\\/g, "/").split("/").map(encodeURIComponent).join("/");
  if (/^[A-Za-z]:\//.test(path.replace(/\\/g, "/"))) return `file:///${encoded.replace("%3A", ":")}`;
  return encoded.startsWith("/") ? `file://${encoded}` : encoded;
}
