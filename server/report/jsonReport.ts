import type { Diagnostic } from "../lint/diagnostic.ts";
import type { Fix } from "../rules/rule.ts";
import type { RowColumn } from "../text/lineIndex.ts";
import { jsonText } from "./jsonText.ts";
import type { ReportedFile } from "./reportedFile.ts";

interface JsonLocation {
  readonly row: number;
  readonly column: number;
}

interface JsonFix {
  readonly message: string;
  readonly applicability: "safe" | "unsafe";
  readonly edits: readonly { content: string; location: JsonLocation; end_location: JsonLocation }[];
}

/** One finding of `check --format json`, in the shape of ruff's. */
export interface JsonFinding {
  readonly filename: string;
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly location: JsonLocation;
  readonly end_location: JsonLocation;
  readonly cell: number | null;
  readonly fix: JsonFix | null;
  readonly fixes: readonly JsonFix[];
  readonly related: readonly { message: string; filename: string; location: JsonLocation }[];
  readonly url: string;
}

/** `check --format json`: an array of findings in the order of files and positions. */
export function jsonReport(files: readonly ReportedFile[]): string {
  return jsonText(files.flatMap((file) => file.diagnostics.map((diagnostic) => jsonFinding(file, diagnostic))));
}

/** One finding as JSON. */
export function jsonFinding(file: ReportedFile, diagnostic: Diagnostic): JsonFinding {
  const start = file.locate(diagnostic.start);
  const fixes = diagnostic.fixes.map((fix) => jsonFix(file, fix));
  return {
    filename: file.path,
    code: diagnostic.rule,
    severity: diagnostic.severity,
    message: diagnostic.message,
    location: location(start),
    end_location: location(file.locate(diagnostic.end)),
    cell: start.cell,
    fix: fixes[0] ?? null,
    fixes,
    related: diagnostic.related.flatMap((place) => {
      const { path, message, located } = place;
      if (isThisFile(file, path)) return { message, filename: file.path, location: location(file.locate(place.start)) };
      // A place in another file that could not be read has no rows to count.
      return located === undefined ? [] : { message, filename: path, location: location(located.start) };
    }),
    url: diagnostic.url,
  };
}

/** Facts carry the path that the linter was given, reports the one that is shown. */
export function isThisFile(file: ReportedFile, path: string): boolean {
  return path === file.path || path === file.facts?.path;
}

function jsonFix(file: ReportedFile, fix: Fix): JsonFix {
  return {
    message: fix.title,
    applicability: fix.applicability,
    edits: fix.edits.map(({ start, end, newText }) => ({
      content: newText,
      location: location(file.locate(start)),
      end_location: location(file.locate(end)),
    })),
  };
}

function location({ row, column }: RowColumn): JsonLocation {
  return { row, column };
}
