import type { TextRange } from "../text/range.ts";
import type { Comment, Statement } from "./tree.ts";

/**
 * A converted statement under the id of the parser's node that it came from. Offsets are those of the text it was converted
 * from: whoever reuses it shifts everything by the distance between its old and new start.
 */
export interface KeptStatement extends TextRange {
  readonly id: number;
  readonly type: string;
  /** More than one for `import a, b`. */
  readonly statements: readonly Statement[];
  readonly comments: readonly Comment[];
  readonly holes: readonly TextRange[];
  /** The statements of its blocks. */
  readonly nested: readonly KeptStatement[];
}

/** The statements and all those inside them by id: only ids of the parser's current tree may be looked up. */
export function indexKeptStatements(statements: readonly KeptStatement[]): Map<number, KeptStatement> {
  const byId = new Map<number, KeptStatement>();
  const add = (list: readonly KeptStatement[]): void => {
    for (const statement of list) {
      byId.set(statement.id, statement);
      add(statement.nested);
    }
  };
  add(statements);
  return byId;
}
