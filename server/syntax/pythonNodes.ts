import type { TreeCursor } from "web-tree-sitter";
import type { TextRange } from "../text/range.ts";
import type { KeptStatement } from "./keptStatement.ts";
import { shiftComment, shiftRange } from "./shift.ts";
import type { Comment } from "./tree.ts";

/** A node of the parser's tree as a plain object, so that each is fetched from the wasm memory once. */
export interface PythonNode extends TextRange {
  /** The grammar's name: `"call"`; a keyword or operator is its own text. */
  readonly type: string;
  readonly named: boolean;
  /** Without comments and without punctuation that carries no meaning here. */
  readonly children: readonly PythonNode[];
  /** Set on the children of blocks. */
  readonly statement: StatementOrigin | null;
}

/** Where a statement came from: its id in the parser's tree, and which of the collected comments and holes lie inside it. */
export interface StatementOrigin {
  readonly id: number;
  readonly commentFrom: number;
  readonly commentTo: number;
  readonly holeFrom: number;
  readonly holeTo: number;
  /** The statement as it was converted before, when the parser reused its node. */
  readonly kept: KeptStatement | null;
}

/** What one walk over the parser's tree collects. */
export interface PythonWalk {
  readonly root: PythonNode;
  readonly comments: readonly Comment[];
  readonly holes: readonly TextRange[];
}

export interface PythonWalkInput {
  readonly cursor: TreeCursor;
  readonly types: readonly string[];
  readonly named: readonly boolean[];
  readonly hasError: boolean;
  readonly previous: ReadonlyMap<number, KeptStatement>;
  readonly slice: (start: number, end: number) => string;
}

/**
 * Deeper nesting becomes a hole, so that no recursion over the tree can exhaust the stack: the deepest statement of the
 * standard library of Python 3.11 is nested 45 nodes deep, and CPython itself gives up at 200 open parentheses.
 */
const deepest = 500;

const leaves = new Set(
  "identifier integer float true false none comment ellipsis string_start string_end string_content type_conversion line_continuation import_prefix wildcard_import keyword_separator positional_separator pass_statement break_statement continue_statement".split(
    " ",
  ),
);
const meaningless = new Set([",", "(", "[", "]", "{", "}", ".", ";", "line_continuation", "type_conversion"]);
const statementLists = new Set(["module", "block", "ERROR"]);

/** Reads the tree under the cursor in one walk; statements whose nodes the parser reused are not entered. */
export function readPythonTree(input: PythonWalkInput): PythonWalk {
  const { cursor, types, named, hasError, previous, slice } = input;
  const comments: Comment[] = [];
  const holes: TextRange[] = [];

  function readChildren(isList: boolean, depth: number): readonly PythonNode[] {
    if (!cursor.gotoFirstChild()) return [];
    const children: PythonNode[] = [];
    do {
      const typeId = cursor.nodeTypeId;
      const type = types[typeId] ?? "ERROR";
      const isNamed = named[typeId] ?? true;
      if (hasError && cursor.nodeIsMissing) {
        holes.push({ start: cursor.startIndex, end: cursor.startIndex });
        continue;
      }
      if (meaningless.has(type)) continue;
      const start = cursor.startIndex;
      const end = cursor.endIndex;
      if (type === "comment") {
        const text = slice(start, end).replace(/\r$/, "");
        comments.push({ start, end: start + text.length, text });
      } else if (isNamed) {
        children.push(isList ? readStatement(type, start, end, depth) : readNamed(type, start, end, depth, null));
      } else {
        children.push({ type, named: false, start, end, children: [], statement: null });
      }
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
    return children;
  }

  function readStatement(type: string, start: number, end: number, depth: number): PythonNode {
    const id = cursor.nodeId;
    const kept = previous.get(id);
    const commentFrom = comments.length;
    const holeFrom = holes.length;
    if (kept && kept.type === type && kept.end - kept.start === end - start) {
      const by = start - kept.start;
      for (const comment of kept.comments) comments.push(shiftComment(comment, by));
      for (const hole of kept.holes) holes.push(shiftRange(hole, by));
      const statement = { id, commentFrom, commentTo: comments.length, holeFrom, holeTo: holes.length, kept };
      return { type, named: true, start, end, children: [], statement };
    }
    const node = readNamed(type, start, end, depth, null);
    const statement = { id, commentFrom, commentTo: comments.length, holeFrom, holeTo: holes.length, kept: null };
    return { ...node, statement };
  }

  function readNamed(
    type: string,
    start: number,
    end: number,
    depth: number,
    statement: StatementOrigin | null,
  ): PythonNode {
    const isError = type === "ERROR";
    if (isError) holes.push({ start, end });
    if (leaves.has(type)) return { type, named: true, start, end, children: [], statement };
    if (depth >= deepest) {
      if (!isError) holes.push({ start, end });
      return { type: "ERROR", named: true, start, end, children: [], statement };
    }
    const children = readChildren(statementLists.has(type), depth + 1);
    return { type, named: true, start, end, children, statement };
  }

  const root = readNamed(cursor.nodeType, cursor.startIndex, cursor.endIndex, 0, null);
  return { root, comments, holes };
}
