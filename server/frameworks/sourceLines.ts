import type { TextEdit, TextRange } from "../text/range.ts";

/** The line end that a text uses: that of its first line. */
export function lineEndOf(text: string): string {
  const first = text.indexOf("\n");
  return first > 0 && text[first - 1] === "\r" ? "\r\n" : "\n";
}

/** Offset of the first character of the line that holds an offset. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Offset right after the line's content, before its line end. */
export function lineContentEnd(text: string, offset: number): number {
  const feed = text.indexOf("\n", offset);
  if (feed < 0) return text.length;
  return feed > 0 && text[feed - 1] === "\r" ? feed - 1 : feed;
}

/** The white space before a statement, null when something else stands before it on its line. */
export function indentationOf(text: string, offset: number): string | null {
  const before = text.slice(lineStart(text, offset), offset);
  return /^[ \t]*$/.test(before) ? before : null;
}

/**
 * Inserts lines before a statement, and before the comments right above that speak of it, with its own indentation; null when it
 * does not begin its line.
 */
export function insertLinesBefore(text: string, statement: TextRange, lines: readonly string[]): TextEdit | null {
  const indentation = indentationOf(text, statement.start);
  if (indentation === null) return null;
  const start = commentStart(text, lineStart(text, statement.start), indentation);
  const eol = lineEndOf(text);
  return { start, end: start, newText: lines.map((line) => `${indentation}${line}${eol}`).join("") };
}

/** Start of the comment lines of the same indentation that end right above a line, the line's own start where there are none. */
function commentStart(text: string, line: number, indentation: string): number {
  let start = line;
  while (start > 0) {
    const above = lineStart(text, start - 1);
    const written = text.slice(above, start);
    if (!written.startsWith(`${indentation}#`)) break;
    // The head of a section, or of a cell, stays above all of it.
    if (/^\s*#+\s*(%%|In\s?\[|[-=*#~_]{3})/.test(written)) return line;
    start = above;
  }
  return start;
}

/** Inserts a line after a statement that begins its line and is alone on it (a comment may follow); null otherwise. */
export function insertLineAfter(text: string, statement: TextRange, line: string): TextEdit | null {
  return insertLinesAfter(text, statement, [line]);
}

/** As `insertLineAfter`, for several lines. */
export function insertLinesAfter(text: string, statement: TextRange, lines: readonly string[]): TextEdit | null {
  const indentation = indentationOf(text, statement.start);
  const end = lineContentEnd(text, statement.end);
  if (indentation === null || !isBlankOrComment(text.slice(statement.end, end))) return null;
  return { start: end, end, newText: lines.map((line) => `${lineEndOf(text)}${indentation}${line}`).join("") };
}

/** The whole lines of a statement with their line end; null when anything but a comment shares them. */
export function wholeLines(text: string, statement: TextRange): TextRange | null {
  if (indentationOf(text, statement.start) === null) return null;
  const contentEnd = lineContentEnd(text, statement.end);
  if (!isBlankOrComment(text.slice(statement.end, contentEnd))) return null;
  const feed = text.indexOf("\n", contentEnd);
  return { start: lineStart(text, statement.start), end: feed < 0 ? text.length : feed + 1 };
}

function isBlankOrComment(rest: string): boolean {
  return /^\s*;?\s*(#.*|\/\/.*)?$/.test(rest);
}

/** The quote character that a text uses more. */
export function quoteOf(text: string): '"' | "'" {
  const single = text.split("'").length;
  const double = text.split('"').length;
  return single > double ? "'" : '"';
}

/** Offset of the `def` line that an offset stands under by its indentation, −1 at module level. */
export function definitionAround(text: string, offset: number): number {
  let start = lineStart(text, offset);
  let column = /^[ \t]*/.exec(text.slice(start))?.[0].length ?? 0;
  while (start > 0 && column > 0) {
    const end = start - 1;
    start = lineStart(text, end);
    const line = text.slice(start, end);
    const own = /^[ \t]*(?=[^\s#)\]}])/.exec(line)?.[0].length;
    if (own === undefined || own >= column) continue;
    if (/^[ \t]*(async[ \t]+)?def[ \t]/.test(line)) return start;
    column = own;
  }
  return -1;
}
