import type { TextRange } from "../text/range.ts";
import type { ReportedFile } from "./reportedFile.ts";
import type { Style } from "./style.ts";

const linesBefore = 2;
/** Characters of a line that are shown; minified code is cut around the span. */
const widthShown = 160;

/** The marked line with two lines before it and `^^^^` under the span, as compilers show it. */
export function codeFrame(file: ReportedFile, range: TextRange, style: Style): string {
  const { row } = file.locate(range.start);
  const lineStart = lineStartAt(file.text, range.start);
  const lineEnd = lineEndAt(file.text, range.start);
  const gutter = String(row).length;
  const bar = style.blue("|");
  const empty = `${" ".repeat(gutter)} ${bar}`;
  const above = linesAbove(file.text, lineStart, Math.min(linesBefore, row - 1)).map((line, index, all) =>
    numbered(row - all.length + index, shownLine(line.slice(0, widthShown)), gutter, bar, style),
  );
  const cut = Math.max(0, range.start - lineStart - Math.floor(widthShown / 2));
  const from = range.end - lineStart > widthShown ? lineStart + cut : lineStart;
  const to = Math.min(lineEnd, from + widthShown);
  const marked = file.text.slice(range.start, Math.max(range.start, Math.min(range.end, to)));
  const indent = shownLine(file.text.slice(from, range.start)).replace(/[^\t]/gu, " ");
  const carets = "^".repeat(Math.max(1, [...marked].length));
  return [
    empty,
    ...above,
    numbered(row, shownLine(file.text.slice(from, to)), gutter, bar, style),
    `${empty} ${indent}${style.red(carets)}`,
    empty,
  ].join("\n");
}

/** A text made safe for a terminal: control characters (escape sequences among them) become U+FFFD, tabs stay. */
export function shownLine(text: string): string {
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

function numbered(row: number, line: string, gutter: number, bar: string, style: Style): string {
  return `${style.blue(String(row).padStart(gutter))} ${bar} ${line}`.trimEnd();
}

function linesAbove(text: string, lineStart: number, count: number): readonly string[] {
  const lines: string[] = [];
  let end = lineStart;
  while (lines.length < count && end > 0) {
    const start = lineStartAt(text, end - 1);
    lines.unshift(text.slice(start, end).replace(/\r?\n$/, ""));
    end = start;
  }
  return lines;
}

function lineStartAt(text: string, offset: number): number {
  return offset <= 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

function lineEndAt(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  const line = end < 0 ? text.length : end;
  return text[line - 1] === "\r" ? line - 1 : line;
}
