/** A span of a text, in UTF-16 code units, end exclusive. Positions (line, column) exist only at the edges of the program. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** One replacement in a text; `start === end` inserts. Offsets refer to the text before any edit of its group. */
export interface TextEdit extends TextRange {
  readonly newText: string;
}

/** A range in a named file; `path` is as given by the caller (absolute path or URI-free relative path). */
export interface FileRange extends TextRange {
  readonly path: string;
}

/** The range of anything that has one, alone. */
export function rangeOf({ start, end }: TextRange): TextRange {
  return { start, end };
}
