import { Edit, type Parser, type Point, type Tree } from "web-tree-sitter";
import { editBetween } from "../text/edits.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import { unclosedBrackets } from "./unclosedBrackets.ts";

/** A text with the parser's tree of it. */
export interface ParsedText {
  readonly text: string;
  /** Null when the parser gave up for lack of memory. */
  readonly tree: Tree | null;
}

/** Each line taken out costs one more parse that reuses most of the tree. */
const mostLinesReplaced = 5;

/**
 * Parses a text, and where an error swallows lines (a call without its closing parenthesis takes all that follows into it)
 * reads the line at which it begins as `pass`, when that makes what is lost smaller. Errors within one line are left to the
 * parser, which keeps the statement around them. The text that comes back has those lines changed and the same length; `old`
 * stays as it was.
 */
export function parseAroundErrors(
  parser: Parser,
  text: string,
  old: ParsedText | null,
): ParsedText & { readonly replaced: readonly TextRange[] } {
  let best: ParsedText = { text, tree: reparse(parser, text, old) };
  const replaced: TextRange[] = [];
  const tried = new Set<number>();
  let holes = best.tree ? errorsIn(best.tree) : [];
  for (let attempt = 0; attempt < mostLinesReplaced; attempt += 1) {
    const line = suspectLines(best.text, holes).find((candidate) => !tried.has(candidate.start));
    if (!line) break;
    tried.add(line.start);
    const length = line.end - line.start;
    const trial = best.text.slice(0, line.start) + "pass".padEnd(length).slice(0, length) + best.text.slice(line.end);
    // From the old tree: in that of the text with its error, what follows the error is in pieces and cannot be reused.
    const from = old ?? best;
    const tree = reparse(parser, trial, from);
    const left = tree ? errorsIn(tree) : holes;
    if (tree && lengthOf(left) < lengthOf(holes)) {
      best.tree?.delete();
      best = { text: trial, tree };
      holes = left;
      replaced.push(line);
    } else {
      tree?.delete();
    }
  }
  return { ...best, replaced };
}

function reparse(parser: Parser, text: string, old: ParsedText | null): Tree | null {
  if (!old?.tree) return parser.parse(text);
  const edited = old.tree.copy();
  for (const edit of editBetween(old.text, text)) edited.edit(treeEdit(edit, old.text));
  const tree = parser.parse(text, edited);
  edited.delete();
  return tree;
}

function treeEdit({ start, end, newText }: TextEdit, text: string): Edit {
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

/** Lines, without their indentation, that may be the cause of errors that go on to another line: where a bracket has no partner, and where the errors begin. */
function suspectLines(text: string, errors: readonly TextRange[]): readonly TextRange[] {
  const swallowing = swallowingLines(text, errors);
  if (swallowing.length === 0) return [];
  const inErrors = (at: number) => errors.some((error) => error.start <= at && at < error.end);
  return [
    ...unclosedBrackets(text)
      .filter(inErrors)
      .map((at) => lineAt(text, at)),
    ...swallowing,
  ];
}

function lineAt(text: string, at: number): TextRange {
  const lineStart = text.lastIndexOf("\n", at) + 1;
  const found = text.indexOf("\n", at);
  const lineEnd = found < 0 ? text.length : found;
  const start = lineStart + Math.max(0, text.slice(lineStart, lineEnd).search(/\S/));
  return { start, end: text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd };
}

function swallowingLines(text: string, errors: readonly TextRange[]): readonly TextRange[] {
  return errors.flatMap((error) => {
    const skipped = text.slice(error.start, error.end).search(/\S/);
    if (skipped < 0) return [];
    const at = error.start + skipped;
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd < 0 || lineEnd >= error.end) return [];
    return [lineAt(text, at)];
  });
}
