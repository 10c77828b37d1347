import type { TextEdit, TextRange } from "../text/range.ts";
import type { Comment, Statement } from "./tree.ts";

/**
 * A converted statement that a later update may reuse. Offsets are those of the text it was converted from: whoever reuses it
 * moves everything by the distance between its old and new start.
 */
export interface KeptStatement extends TextRange {
  /** Of the parser's node: `"if_statement"`. */
  readonly type: string;
  /** More than one for `import a, b`. */
  readonly statements: readonly Statement[];
  readonly comments: readonly Comment[];
  /** The statements of its blocks, and how far they have moved with it since their offsets were noted. */
  readonly nested: readonly KeptStatement[];
  readonly nestedMoved: number;
}

/** Finds the kept statement that a statement of the new text can be, by where it lay in the old one. */
export type FindKept = (type: string, start: number, end: number) => KeptStatement | null;

/**
 * Statements are found by place and not by the parser's node ids: the parser takes many nodes apart and builds them again
 * from the same parts. A statement that no edit touches, of the same kind and length, without errors before and after,
 * has the same tree, since its text alone decides how it is read.
 */
export function findKeptStatements(statements: readonly KeptStatement[], edits: readonly TextEdit[]): FindKept {
  if (statements.length === 0) return () => null;
  const byStart = new Map<number, KeptStatement>();
  const add = (list: readonly KeptStatement[], moved: number): void => {
    for (const statement of list) {
      byStart.set(statement.start + moved, statement);
      add(statement.nested, moved + statement.nestedMoved);
    }
  };
  add(statements, 0);
  const [edit] = edits;
  const oldPlace = (start: number, end: number): number | null => {
    if (!edit || end <= edit.start) return start;
    const inserted = edit.start + edit.newText.length;
    return start >= inserted ? start - inserted + edit.end : null;
  };
  return (type, start, end) => {
    const place = oldPlace(start, end);
    const kept = place === null ? undefined : byStart.get(place);
    return kept && kept.type === type && kept.end - kept.start === end - start ? kept : null;
  };
}
