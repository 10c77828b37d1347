/** A place as editors count: line and character from 0, characters in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** A place as command lines count: row and column from 1, columns in Unicode code points. */
export interface RowColumn {
  readonly row: number;
  readonly column: number;
}

/** Where the lines of a text start. A line ends at `\n`, `\r\n` or `\r` alone, also mixed in one text. */
export interface LineIndex {
  readonly text: string;
  /** Offsets in UTF-16 code units; the first is 0. */
  readonly starts: readonly number[];
}

/** The line index of a text. */
export function indexLines(text: string): LineIndex {
  const starts = [0];
  if (!text.includes("\r")) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    return { text, starts };
  }
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return { text, starts };
}

/** The position of an offset; an offset outside the text counts as its nearest end. */
export function positionAt(index: LineIndex, offset: number): Position {
  const inside = Math.max(0, Math.min(offset, index.text.length));
  const line = lineAt(index, inside);
  return { line, character: inside - startOfLine(index, line) };
}

/** The offset of a position; one past the end of its line or of the text counts as that end. */
export function offsetAt(index: LineIndex, position: Position): number {
  if (position.line < 0) return 0;
  if (position.line >= index.starts.length) return index.text.length;
  const start = startOfLine(index, position.line);
  return Math.min(start + Math.max(0, position.character), endOfLine(index, position.line));
}

/** The row and column of an offset, both from 1; a surrogate pair is one column. */
export function rowColumnAt(index: LineIndex, offset: number): RowColumn {
  const { line, character } = positionAt(index, offset);
  const start = startOfLine(index, line);
  let column = 1;
  for (const _ of index.text.slice(start, start + character)) column += 1;
  return { row: line + 1, column };
}

/** The offset where a line (from 0) ends, before its line end. */
export function endOfLine(index: LineIndex, line: number): number {
  const next = index.starts[line + 1];
  if (next === undefined) return index.text.length;
  const isPair = index.text[next - 1] === "\n" && index.text[next - 2] === "\r";
  return next - (isPair ? 2 : 1);
}

function startOfLine(index: LineIndex, line: number): number {
  return index.starts[line] ?? index.text.length;
}

function lineAt({ starts }: LineIndex, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
