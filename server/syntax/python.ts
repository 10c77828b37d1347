import { Language, Parser } from "web-tree-sitter";
import { editBetween } from "../text/edits.ts";
import type { TextRange } from "../text/range.ts";
import { findKeptStatements, type KeptStatement } from "./keptStatement.ts";
import { readPythonTree } from "./pythonNodes.ts";
import { type ParsedText, parseAroundErrors } from "./pythonRepair.ts";
import { convertPythonModule } from "./pythonStatements.ts";
import { quickenMemory } from "./quickMemory.ts";
import type { LanguageParser, SyntaxDocument } from "./syntaxDocument.ts";
import type { Module } from "./tree.ts";

/**
 * Loads the Python parser from the bytes of `web-tree-sitter.wasm` and `tree-sitter-python.wasm`. Throws what WebAssembly
 * throws when the bytes are not those of a matching pair; after that nothing throws whatever the text is.
 */
export async function loadPythonParser(wasm: { runtime: Uint8Array; grammar: Uint8Array }): Promise<LanguageParser> {
  const module = { wasmBinary: wasm.runtime };
  await Parser.init(module);
  quickenMemory(module);
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

interface Parsed extends ParsedText {
  readonly module: Module;
  readonly kept: readonly KeptStatement[];
}

function openDocument(text: string, language: PythonLanguage): SyntaxDocument {
  let source = text;
  let parsed = parse(withLineFeeds(text), null, language);
  return {
    get text() {
      return source;
    },
    get module() {
      return parsed.module;
    },
    update(newText) {
      const old = parsed;
      source = newText;
      parsed = parse(withLineFeeds(newText), old, language);
      old.tree?.delete();
    },
    dispose() {
      parsed.tree?.delete();
      parsed = { ...parsed, tree: null };
    },
  };
}

function parse(text: string, old: Parsed | null, language: PythonLanguage): Parsed {
  const { parser, types, named } = language;
  parser.reset();
  const { tree, text: readable, replaced } = parseAroundErrors(parser, text, old);
  const range = { start: 0, end: text.length };
  if (!tree) {
    return { text, tree, kept: [], module: { ...range, language: "python", body: [], comments: [], holes: [range] } };
  }
  const slice = old ? copiedSlice(readable) : (start: number, end: number) => readable.slice(start, end);
  const findKept = old ? findKeptStatements(old.kept, editBetween(old.text, readable)) : (): null => null;
  const cursor = tree.walk();
  const walk = readPythonTree({ cursor, types, named, hasError: tree.rootNode.hasError, findKept, slice });
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
