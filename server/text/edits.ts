import type { TextEdit, TextRange } from "./range.ts";

/** Whether two edits cannot both be made: they share a code unit, or both insert at the same place. */
export function editsOverlap(a: TextRange, b: TextRange): boolean {
  if (a.start === b.start && a.end === b.end) return true;
  const isInsertion = a.start === a.end || b.start === b.end;
  // An insertion at the edge of a replacement touches it without sharing text.
  return isInsertion ? a.start < b.end && b.start < a.end : Math.max(a.start, b.start) < Math.min(a.end, b.end);
}

/**
 * The text after a group of edits, whose offsets all refer to `text`. The group is taken in order of position; edits at the
 * same place are applied in the order given. An edit that overlaps an earlier one or reaches outside the text is left out and
 * returned in `skipped`.
 */
export function applyEdits(
  text: string,
  edits: readonly TextEdit[],
): { readonly text: string; readonly skipped: readonly TextEdit[] } {
  const skipped: TextEdit[] = [];
  const pieces: string[] = [];
  let offset = 0;
  for (const edit of inOrder(edits)) {
    if (edit.start < offset || edit.end < edit.start || edit.end > text.length) {
      skipped.push(edit);
      continue;
    }
    pieces.push(text.slice(offset, edit.start), edit.newText);
    offset = edit.end;
  }
  pieces.push(text.slice(offset));
  return { text: pieces.join(""), skipped };
}

/** The edits by position; those at the same place keep their order, and an insertion comes before a replacement. */
export function inOrder(edits: readonly TextEdit[]): readonly TextEdit[] {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
}

/**
 * Puts groups of edits together: a group is taken whole or left out whole, so that no fix is made by half. Earlier groups win.
 * The same edit in two groups is made once.
 */
export function mergeEdits<T extends readonly TextEdit[]>(
  groups: readonly T[],
): { readonly edits: readonly TextEdit[]; readonly taken: readonly T[]; readonly left: readonly T[] } {
  const edits: TextEdit[] = [];
  const taken: T[] = [];
  const left: T[] = [];
  for (const group of groups) {
    const fresh = group.filter((edit) => !edits.some((made) => isSameEdit(made, edit)));
    if (fresh.some((edit) => edits.some((made) => editsOverlap(made, edit)))) {
      left.push(group);
    } else {
      edits.push(...fresh);
      taken.push(group);
    }
  }
  return { edits: inOrder(edits), taken, left };
}

function isSameEdit(a: TextEdit, b: TextEdit): boolean {
  return a.start === b.start && a.end === b.end && a.newText === b.newText;
}

/** The one edit that leads from one text to the other: what differs between their common start and end; none when equal. */
export function editBetween(from: string, to: string): readonly TextEdit[] {
  if (from === to) return [];
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  // Whole pieces first: comparing strings is many times faster than comparing their code units one by one.
  while (start + piece <= shorter && from.slice(start, start + piece) === to.slice(start, start + piece))
    start += piece;
  while (start < shorter && from.charCodeAt(start) === to.charCodeAt(start)) start += 1;
  const most = shorter - start;
  let same = 0;
  while (same + piece <= most && endPiece(from, same) === endPiece(to, same)) same += piece;
  while (same < most && from.charCodeAt(from.length - 1 - same) === to.charCodeAt(to.length - 1 - same)) same += 1;
  return [{ start, end: from.length - same, newText: to.slice(start, to.length - same) }];
}

const piece = 1024;

function endPiece(text: string, beforeEnd: number): string {
  return text.slice(text.length - beforeEnd - piece, text.length - beforeEnd);
}
