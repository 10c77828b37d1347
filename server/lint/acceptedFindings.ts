import { createHash } from "node:crypto";
import path from "node:path";
import { isRecord } from "../text/plainRecord.ts";
import type { Outcome } from "../text/problem.ts";
import type { Diagnostic } from "./diagnostic.ts";

/**
 * Findings of a rule that are accepted on lines of the same text. The line is known by a hash of its text without blanks, so
 * that lines above it may come and go, and a formatter may run; how often it occurs is counted, so that one more is new.
 */
export interface AcceptedEntry {
  readonly rule: string;
  /** The first 16 hexadecimal digits of SHA-256. */
  readonly line: string;
  readonly count: number;
}

/** What a file of accepted findings holds: entries by the absolute path of the source. */
export type AcceptedFindings = ReadonlyMap<string, readonly AcceptedEntry[]>;

/** A rule that compares with an earlier state has nothing to accept: the next commit is the next state. */
const neverAccepted = "many-hyperparameters-changed";

/** The findings as entries, in order of rule and line. */
export function acceptedEntries(text: string, diagnostics: readonly Diagnostic[]): readonly AcceptedEntry[] {
  const counts = new Map<string, AcceptedEntry>();
  for (const { rule, start } of diagnostics) {
    if (rule === neverAccepted) continue;
    const line = lineHash(text, start);
    const key = `${rule} ${line}`;
    counts.set(key, { rule, line, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

/** The findings that are new, how many are accepted, and how many accepted ones occur no more. */
export function withoutAccepted(
  text: string,
  diagnostics: readonly Diagnostic[],
  entries: readonly AcceptedEntry[],
): { readonly kept: readonly Diagnostic[]; readonly accepted: number; readonly gone: number } {
  const left = new Map(entries.map(({ rule, line, count }) => [`${rule} ${line}`, count]));
  const kept = diagnostics.filter(({ rule, start }) => {
    const key = `${rule} ${lineHash(text, start)}`;
    const count = left.get(key) ?? 0;
    if (count === 0) return true;
    left.set(key, count - 1);
    return false;
  });
  const gone = [...left.values()].reduce((sum, count) => sum + count, 0);
  return { kept, accepted: diagnostics.length - kept.length, gone };
}

/** Reads the text of a file of accepted findings (`file` is its absolute path); what is no such text is one problem. */
export function readAccepted(file: string, text: string): Outcome<AcceptedFindings> {
  const refused = (why: string) => ({
    value: new Map(),
    problems: [{ path: file, message: `This is no baseline of haywire: ${why}` }],
  });
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  if (!isRecord(root) || !isRecord(root.files)) return refused("it has no table of files");
  if (root.version !== 1) return refused(`its version is ${JSON.stringify(root.version)}, and only 1 is known`);
  const found = new Map<string, readonly AcceptedEntry[]>();
  for (const [name, entries] of Object.entries(root.files)) {
    if (!Array.isArray(entries) || !entries.every(isEntry)) return refused(`the entries of ${name} are not as written`);
    found.set(path.resolve(path.dirname(file), name), entries);
  }
  return { value: found, problems: [] };
}

/** The text of a file of accepted findings: one entry a line, sorted, so that two branches merge. */
export function acceptedText(file: string, accepted: AcceptedFindings): string {
  const folder = path.dirname(file);
  const files = [...accepted]
    .filter(([, entries]) => entries.length > 0)
    .map(([source, entries]) => [path.relative(folder, source).split(path.sep).join("/"), entries] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entries]) => {
      const lines = entries.map(({ rule, line, count }) => `      ${JSON.stringify({ rule, line, count })}`);
      return `    ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n    ]`;
    });
  return `{\n  "version": 1,\n  "files": {${files.length === 0 ? "" : `\n${files.join(",\n")}\n  `}}\n}\n`;
}

function lineHash(text: string, offset: number): string {
  const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const line = text.slice(start, end < 0 ? undefined : end).replace(/\s+/g, "");
  return createHash("sha256").update(line).digest("hex").slice(0, 16);
}

function isEntry(value: unknown): value is AcceptedEntry {
  return (
    isRecord(value) &&
    typeof value.rule === "string" &&
    typeof value.line === "string" &&
    typeof value.count === "number" &&
    Number.isInteger(value.count) &&
    value.count > 0
  );
}
