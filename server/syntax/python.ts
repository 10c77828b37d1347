import { Edit, Language, Parser, type Point, type Tree } from "web-tree-sitter";
import { applyEdits, editBetween, inOrder } from "../text/edits.ts";
import type { TextEdit } from "../text/range.ts";
import { indexKeptStatements, type KeptStatement } from "./keptStatement.ts";
import { readPythonTree } from "./pythonNodes.ts";
import { convertPythonModule } from "./pythonStatements.ts";
import type { LanguageParser, SyntaxDocument } from "./syntaxDocument.ts";
import type { Module } from "./tree.ts";

/**
 * Loads the Python parser from the bytes of `web-tree-sitter.wasm` and `tree-sitter-python.wasm`. Throws what WebAssembly
 * throws when the bytes are not those of a matching pair; after that nothing throws whatever the text is.
 */
export async function loadPythonParser(wasm: { runtime: Uint8Array; grammar: Uint8Array }): Promise<LanguageParser> {
  await Parser.init({ wasmBinary: wasm.runtime });
  const language = await Language.load(wasm.grammar);
  const parser = new Parser().setLanguage(language);
  const types = language.types;
  const named = types.map((_, id) => language.nodeTypeIsNamed(id));
  return { open: (text) => openDocument(text, { parser, types, named }) };
}

interface PythonLanguage {
  readonly parser: Parser;
  readonly types: readonly string[];
  readonly named: readonly boolean[];
}

interface Parsed {
  /** Null when the parser gave up for lack of memory. */
  readonly tree: Tree | null;
  readonly module: Module;
  readonly kept: readonly KeptStatement[];
}

function openDocument(text: string, language: PythonLanguage): SyntaxDocument {
  let source = text;
  let readable = withLineFeeds(text);
  let parsed = parse(readable, null, new Map(), language);
  return {
    get text() {
      return source;
    },
    get module() {
      return parsed.module;
    },
    update(newText, edits) {
      const old = readable;
      readable = withLineFeeds(newText);
      source = newText;
      const { tree, kept } = parsed;
      if (tree) for (const edit of lastFirst(old, readable, edits)) tree.edit(treeEdit(edit, old));
      parsed = parse(readable, tree, indexKeptStatements(kept), language);
      tree?.delete();
    },
    dispose() {
      parsed.tree?.delete();
      parsed = { ...parsed, tree: null };
    },
  };
}

function parse(
  text: string,
  oldTree: Tree | null,
  previous: ReadonlyMap<number, KeptStatement>,
  { parser, types, named }: PythonLanguage,
): Parsed {
  parser.reset();
  const tree = parser.parse(text, oldTree);
  const whole = { start: 0, end: text.length };
  if (!tree)
    return { tree, kept: [], module: { ...whole, language: "python", body: [], comments: [], holes: [whole] } };
  const slice = oldTree ? copiedSlice(text) : (start: number, end: number) => text.slice(start, end);
  const cursor = tree.walk();
  const walk = readPythonTree({ cursor, types, named, hasError: tree.rootNode.hasError, previous, slice });
  cursor.delete();
  const { body, kept } = convertPythonModule(walk, slice);
  return { tree, kept, module: { ...whole, language: "python", body, comments: walk.comments, holes: walk.holes } };
}

/**
 * A long slice of a string keeps the whole string alive, so statements reused over many updates would keep many texts.
 * Thirteen characters is where V8 starts to share (`SlicedString::kMinLength`).
 */
function copiedSlice(text: string): (start: number, end: number) => string {
  return (start, end) => {
    const part = text.slice(start, end);
    return part.length < 13 ? part : String(JSON.parse(JSON.stringify(part)));
  };
}

/** A carriage return alone ends a line in Python, but not in the grammar; the offsets stay the same. */
function withLineFeeds(text: string): string {
  return text.includes("\r") ? text.replace(/\r(?!\n)/g, "\n") : text;
}

/** The edits from one text to the other, the last first, so that each is given in offsets that still hold. */
function lastFirst(from: string, to: string, edits: readonly TextEdit[] | undefined): readonly TextEdit[] {
  const isTold = edits && edits.length > 1 && applyEdits(from, edits).text === to;
  return (isTold ? [...inOrder(edits)] : [...editBetween(from, to)]).reverse();
}

function treeEdit({ start, end, newText }: TextEdit, text: string): Edit {
  const startPosition = pointAt(text, start);
  return new Edit({
    startIndex: start,
    oldEndIndex: end,
    newEndIndex: start + newText.length,
    startPosition,
    oldEndPosition: pointAt(text, end),
    newEndPosition: advance(startPosition, newText),
  });
}

function pointAt(text: string, offset: number): Point {
  return advance({ row: 0, column: 0 }, text.slice(0, offset));
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
