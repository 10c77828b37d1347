import { Language, Parser, type Tree } from "web-tree-sitter";
import { applyEdits, editBetween, inOrder } from "../text/edits.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import { indexKeptStatements, type KeptStatement } from "./keptStatement.ts";
import { readPythonTree } from "./pythonNodes.ts";
import { parseAroundErrors, treeEdit } from "./pythonRepair.ts";
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
  /** The text that the tree was parsed from: as long as the document's, with other line ends and lines taken out. */
  readonly text: string;
  /** Null when the parser gave up for lack of memory. */
  readonly tree: Tree | null;
  readonly module: Module;
  readonly kept: readonly KeptStatement[];
}

function openDocument(text: string, language: PythonLanguage): SyntaxDocument {
  let source = text;
  let parsed = parse(withLineFeeds(text), null, new Map(), language);
  return {
    get text() {
      return source;
    },
    get module() {
      return parsed.module;
    },
    update(newText, edits) {
      const { tree, kept, text: old } = parsed;
      const readable = withLineFeeds(newText);
      source = newText;
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
  const { tree, text: readable, replaced } = parseAroundErrors(parser, text, oldTree);
  const range = { start: 0, end: text.length };
  if (!tree) {
    return { text, tree, kept: [], module: { ...range, language: "python", body: [], comments: [], holes: [range] } };
  }
  const slice = oldTree ? copiedSlice(readable) : (start: number, end: number) => readable.slice(start, end);
  const cursor = tree.walk();
  const walk = readPythonTree({ cursor, types, named, hasError: tree.rootNode.hasError, previous, slice });
  cursor.delete();
  const { body, kept } = convertPythonModule(walk, slice);
  const holes = replaced.length > 0 ? inOrderOfStart([...walk.holes, ...replaced]) : walk.holes;
  return { text: readable, tree, kept, module: { ...range, language: "python", body, comments: walk.comments, holes } };
}

function inOrderOfStart(ranges: readonly TextRange[]): readonly TextRange[] {
  return [...ranges].sort((a, b) => a.start - b.start);
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
