import { Edit, type Parser, type Point, type Tree } from "web-tree-sitter";
import type { TextEdit, TextRange } from "../text/range.ts";

export interface RepairedTree {
  /** Null when the parser gave up for lack of memory. */
  readonly tree: Tree | null;
  /** The text that the tree was parsed from: as long as the one given, with the lines in `replaced` as `pass`. */
  readonly text: string;
  readonly replaced: readonly TextRange[];
}

/** Each line taken out costs one more parse that reuses most of the tree. */
const mostLinesReplaced = 5;

/**
 * Parses a text, and where an error swallows lines (a call without its closing parenthesis takes all that follows into it)
 * reads the line at which it begins as `pass`, when that makes what is lost smaller. Errors within one line are left to the
 * parser, which keeps the statement around them. `oldTree` has been edited to match `text`, or is null.
 */
export function parseAroundErrors(parser: Parser, text: string, oldTree: Tree | null): RepairedTree {
  let tree = parser.parse(text, oldTree);
  let readable = text;
  const replaced: TextRange[] = [];
  const tried = new Set<number>();
  let holes = tree ? errorsIn(tree) : [];
  for (let attempt = 0; tree && attempt < mostLinesReplaced; attempt += 1) {
    const line = swallowingLines(readable, holes).find((candidate) => !tried.has(candidate.start));
    if (!line) break;
    tried.add(line.start);
    const edit = { ...line, newText: "pass".padEnd(line.end - line.start).slice(0, line.end - line.start) };
    const trial = readable.slice(0, line.start) + edit.newText + readable.slice(line.end);
    const edited = tree.copy();
    edited.edit(treeEdit(edit, readable));
    const repaired = parser.parse(trial, edited);
    edited.delete();
    const left = repaired ? errorsIn(repaired) : holes;
    if (repaired && lengthOf(left) < lengthOf(holes)) {
      tree.delete();
      tree = repaired;
      readable = trial;
      holes = left;
      replaced.push(line);
    } else {
      repaired?.delete();
    }
  }
  return { tree, text: readable, replaced };
}

/** An edit of a text in the form in which the parser's tree takes it. */
export function treeEdit({ start, end, newText }: TextEdit, text: string): Edit {
  const startPosition = advance({ row: 0, column: 0 }, text.slice(0, start));
  return new Edit({
    startIndex: start,
    oldEndIndex: end,
    newEndIndex: start + newText.length,
    startPosition,
    oldEndPosition: advance(startPosition, text.slice(start, end)),
    newEndPosition: advance(startPosition, newText),
  });
}

function advance(from: Point, text: string): Point {
  let row = from.row;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    row += 1;
    lineStart = at + 1;
  }
  return { row, column: row === from.row ? from.column + text.length : text.length - lineStart };
}

/** The outermost errors; only branches that hold one are entered, and without recursion, as errors may nest without end. */
function errorsIn(tree: Tree): readonly TextRange[] {
  if (!tree.rootNode.hasError) return [];
  const errors: TextRange[] = [];
  const cursor = tree.walk();
  for (;;) {
    const node = cursor.currentNode;
    if (node.isError) errors.push({ start: node.startIndex, end: node.endIndex });
    if (!node.isError && node.hasError && cursor.gotoFirstChild()) continue;
    let isMoved = cursor.gotoNextSibling();
    while (!isMoved && cursor.gotoParent()) isMoved = cursor.gotoNextSibling();
    if (!isMoved) break;
  }
  cursor.delete();
  return errors;
}

function lengthOf(ranges: readonly TextRange[]): number {
  return ranges.reduce((sum, range) => sum + 1 + range.end - range.start, 0);
}

/** The first line, without its indentation, of each error that goes on to another line. */
function swallowingLines(text: string, errors: readonly TextRange[]): readonly TextRange[] {
  return errors.flatMap((error) => {
    const skipped = text.slice(error.start, error.end).search(/\S/);
    if (skipped < 0) return [];
    const at = error.start + skipped;
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd < 0 || lineEnd >= error.end) return [];
    const lineStart = text.lastIndexOf("\n", at) + 1;
    const start = lineStart + text.slice(lineStart, lineEnd).search(/\S/);
    const end = text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd;
    return [{ start, end }];
  });
}
