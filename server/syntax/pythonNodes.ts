import type { TreeCursor } from "web-tree-sitter";
import type { TextRange } from "../text/range.ts";
import type { FindKept, KeptStatement } from "./keptStatement.ts";
import { moveComment } from "./moveTree.ts";
import { isPlainString } from "./pythonLiterals.ts";
import type { Comment } from "./tree.ts";

/** A node of the parser's tree as a plain object, so that each is fetched from the wasm memory once. */
export interface PythonNode extends TextRange {
  /** The grammar's name: `"call"`. A keyword or operator is its own text; only `:` and `)` have their offsets. */
  readonly type: string;
  readonly named: boolean;
  /** Without comments, punctuation that carries no meaning here, and the inside of strings without interpolation. */
  readonly children: readonly PythonNode[];
  /** Set on the children of blocks. */
  readonly statement: StatementOrigin | null;
}

/** What a statement needs for its reuse: which of the collected comments lie inside it, and how it was converted before. */
export interface StatementOrigin {
  readonly commentFrom: number;
  readonly commentTo: number;
  /** False when something in it did not parse: it is read anew each time. */
  readonly isWhole: boolean;
  /** Set when nothing in it has changed; its children were not read then. */
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
  readonly findKept: FindKept;
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
/** The offsets of a token whose place nobody needs. */
const unread = -1;
const none: readonly PythonNode[] = [];
const statementLists = new Set(["module", "block", "ERROR"]);

/** Reads the tree under the cursor in one walk; statements that have not changed are not entered. */
export function readPythonTree(input: PythonWalkInput): PythonWalk {
  const { cursor, types, named, hasError, findKept, slice } = input;
  const comments: Comment[] = [];
  const holes: TextRange[] = [];

  function readChildren(isList: boolean, parentStart: number, depth: number): readonly PythonNode[] {
    if (!cursor.gotoFirstChild()) return [];
    const children: PythonNode[] = [];
    // A node starts where its first child does (a block, with its hidden indent, before); an offset known saves a call.
    let knownStart = isList ? unread : parentStart;
    do {
      const atStart = knownStart;
      knownStart = unread;
      const typeId = cursor.nodeTypeId;
      const type = types[typeId] ?? "ERROR";
      const isNamed = named[typeId] ?? true;
      if (hasError && cursor.nodeIsMissing) {
        holes.push({ start: cursor.startIndex, end: cursor.startIndex });
        continue;
      }
      if (meaningless.has(type)) continue;
      if (!isNamed) {
        const start = type === ":" || type === ")" ? cursor.startIndex : unread;
        children.push({ type, named: false, start, end: start + 1, children: none, statement: null });
        continue;
      }
      const start = atStart !== unread ? atStart : cursor.startIndex;
      const end = cursor.endIndex;
      if (type === "comment") {
        const text = slice(start, end).replace(/\r$/, "");
        comments.push({ start, end: start + text.length, text });
      } else {
        children.push(isList ? readStatement(type, start, end, depth) : readNamed(type, start, end, depth));
      }
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
    return children;
  }

  function readStatement(type: string, start: number, end: number, depth: number): PythonNode {
    const commentFrom = comments.length;
    const holesBefore = holes.length;
    const kept = hasError && cursor.currentNode.hasError ? null : findKept(type, start, end);
    if (kept) {
      const to = (offset: number): number => offset - kept.start + start;
      for (const comment of kept.comments) comments.push(moveComment(comment, to));
      const statement = { commentFrom, commentTo: comments.length, isWhole: true, kept };
      return { type, named: true, start, end, children: none, statement };
    }
    const node = readNamed(type, start, end, depth);
    const isWhole = holes.length === holesBefore;
    return { ...node, statement: { commentFrom, commentTo: comments.length, isWhole, kept: null } };
  }

  function readNamed(type: string, start: number, end: number, depth: number): PythonNode {
    const statement = null;
    const isError = type === "ERROR";
    if (isError) holes.push({ start, end });
    if (leaves.has(type) || (type === "string" && isPlainString(slice(start, end)))) {
      return { type, named: true, start, end, children: none, statement };
    }
    if (depth >= deepest) {
      if (!isError) holes.push({ start, end });
      return { type: "ERROR", named: true, start, end, children: none, statement };
    }
    const children = readChildren(statementLists.has(type), start, depth + 1);
    return { type, named: true, start, end, children, statement };
  }

  const root = readNamed(cursor.nodeType, cursor.startIndex, cursor.endIndex, 0);
  return { root, comments, holes };
}
