import type { TextEdit, TextRange } from "../text/range.ts";
import { indentationOf, insertLineAfter, insertLinesBefore, lineEndOf, wholeLines } from "./sourceLines.ts";

/** Edits that move a statement with its comment right before another one, at that one's indentation; null when lines are shared. */
export function moveBefore(text: string, statement: TextRange, target: TextRange): readonly TextEdit[] | null {
  const lines = wholeLines(text, statement);
  const moved = linesOf(text, statement);
  if (lines === null || moved === null) return null;
  const insertion = insertLinesBefore(text, target, moved);
  return insertion === null ? null : [insertion, { ...lines, newText: "" }];
}

/** The same to right after another one. */
export function moveAfter(text: string, statement: TextRange, target: TextRange): readonly TextEdit[] | null {
  const lines = wholeLines(text, statement);
  const moved = linesOf(text, statement);
  const indentation = indentationOf(text, target.start);
  if (lines === null || moved === null || indentation === null) return null;
  const insertion = insertLineAfter(text, target, moved.join(`${lineEndOf(text)}${indentation}`));
  return insertion === null ? null : [insertion, { ...lines, newText: "" }];
}

/** A statement's lines without its own indentation; null when it does not stand alone on its lines. */
function linesOf(text: string, statement: TextRange): readonly string[] | null {
  const lines = wholeLines(text, statement);
  const indentation = indentationOf(text, statement.start);
  if (lines === null || indentation === null) return null;
  return text
    .slice(lines.start, lines.end)
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .map((line) => (line.startsWith(indentation) ? line.slice(indentation.length) : line));
}
