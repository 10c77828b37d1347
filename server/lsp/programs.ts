import { fileURLToPath } from "node:url";
import type { Location, Position, Range } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { TextEdit, TextRange } from "../text/range.ts";

/** One text that the editor shows, with the offset at which it begins in the program's text. */
export interface Part {
  readonly document: TextDocument;
  readonly start: number;
}

/** What is linted as one text: a file, or the code cells of a notebook in order. Offsets inside, positions outside. */
export interface Program {
  /** The file's or the notebook's. */
  readonly uri: string;
  readonly path: string;
  readonly parts: readonly Part[];
  readonly text: string;
}

/** The program of one file. */
export function programOfFile(document: TextDocument): Program {
  return {
    uri: document.uri,
    path: pathWithExtension(document),
    parts: [{ document, start: 0 }],
    text: document.getText(),
  };
}

const extensions: Readonly<Record<string, string>> = {
  python: ".py",
  typescript: ".ts",
  typescriptreact: ".tsx",
  javascript: ".js",
  javascriptreact: ".jsx",
};

/** The parser goes by the extension; a text that has none yet, such as an unsaved one, gets its language's. */
function pathWithExtension(document: TextDocument): string {
  const path = pathOf(document.uri);
  return /\.\w+$/.test(path) ? path : `${path}${extensions[document.languageId] ?? ""}`;
}

/** A URI's path as the disk knows it; for other schemes its path, so that the extension still tells the language. */
export function pathOf(uri: string): string {
  try {
    const url = new URL(uri);
    return url.protocol === "file:" ? fileURLToPath(url) : decodeURIComponent(url.pathname);
  } catch {
    return uri;
  }
}

/** Where an offset of the program lies: the last part that begins at or before it. */
export function partAt(program: Program, offset: number): Part | null {
  return program.parts.findLast((part) => part.start <= offset) ?? program.parts[0] ?? null;
}

/** The program's offset of a position in one of its texts, null when the text is none of the program's. */
export function offsetOf(program: Program, uri: string, position: Position): number | null {
  const part = program.parts.find((candidate) => candidate.document.uri === uri);
  return part ? part.start + part.document.offsetAt(position) : null;
}

/** A range of the program as the editor names it; a range over several cells is cut at the end of its first one. */
export function locationOf(program: Program, range: TextRange): Location | null {
  const part = partAt(program, range.start);
  return part ? { uri: part.document.uri, range: rangeIn(part, range) } : null;
}

/** Edits grouped by the text that they change; null when an edit spans two texts, which no editor can do. */
export function editsByPart(program: Program, edits: readonly TextEdit[]): Map<Part, TextEdit[]> | null {
  const grouped = new Map<Part, TextEdit[]>();
  for (const edit of edits) {
    const part = partAt(program, edit.start);
    if (!part || edit.end > part.start + part.document.getText().length) return null;
    grouped.set(part, [...(grouped.get(part) ?? []), edit]);
  }
  return grouped;
}

/** A range of the program within one of its parts, clamped to it. */
export function rangeIn(part: Part, range: TextRange): Range {
  return {
    start: part.document.positionAt(range.start - part.start),
    end: part.document.positionAt(range.end - part.start),
  };
}
