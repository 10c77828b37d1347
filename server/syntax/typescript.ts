import { parse, TSError } from "@typescript-eslint/typescript-estree";
import { editBetween } from "../text/edits.ts";
import type { TextRange } from "../text/range.ts";
import { moveComment, moveRange, moveStatements, type Offsets } from "./moveTree.ts";
import type { LanguageParser, SyntaxDocument } from "./syntaxDocument.ts";
import type { Module } from "./tree.ts";
import { convertStatements } from "./typescriptStatements.ts";

/**
 * The parser for TypeScript and JavaScript, which brings the whole TypeScript compiler: import this file only dynamically.
 * `jsx` says whether `<a>` is an element (`.tsx`, `.jsx` and JavaScript files) or a cast (`.ts`, `.mts`, `.cts`).
 *
 * This parser gives up at the first error. While a text does not parse, the last tree that did is kept with its offsets moved
 * along, and the place that changed is a hole; a text that never parsed is read without the lines that stand in the way.
 */
export function createTypeScriptParser(options: { readonly jsx: boolean }): LanguageParser {
  return { open: (text) => openDocument(text, options.jsx) };
}

function openDocument(text: string, jsx: boolean): SyntaxDocument {
  let source = text;
  let module = parseAround(text, jsx);
  return {
    get text() {
      return source;
    },
    get module() {
      return module;
    },
    update(newText) {
      const parsed = parseModule(newText, jsx);
      if ("value" in parsed) module = parsed.value;
      else module = module.body.length > 0 ? moveModule(module, source, newText) : parseAround(newText, jsx);
      source = newText;
    },
    dispose() {},
  };
}

/** How many lines may be left out to read the rest: each costs one more parse. */
const mostLinesLeftOut = 5;

/** Reads a text with the lines blanked at which the parser stops; all of it is a hole when that does not help. */
function parseAround(text: string, jsx: boolean): Module {
  let readable = text;
  const holes: TextRange[] = [];
  for (let attempt = 0; attempt <= mostLinesLeftOut; attempt += 1) {
    const parsed = parseModule(readable, jsx);
    if ("value" in parsed) return { ...parsed.value, holes: mergeRanges(holes) };
    const line = parsed.offset === null ? null : lineAround(readable, parsed.offset);
    if (!line) break;
    holes.push(line);
    readable = readable.slice(0, line.start) + " ".repeat(line.end - line.start) + readable.slice(line.end);
  }
  const whole = { start: 0, end: text.length };
  return { language: "typescript", ...whole, body: [], comments: [], holes: [whole] };
}

/** The line of an offset without what surrounds it, or the nearest line before it that is not blank. */
function lineAround(text: string, offset: number): TextRange | null {
  let at = Math.min(offset, text.length);
  while (at > 0 && text.slice(lineStart(text, at), lineEnd(text, at)).trim() === "") at = lineStart(text, at) - 1;
  if (at < 0) return null;
  const start = lineStart(text, at);
  const end = lineEnd(text, at);
  return text.slice(start, end).trim() === "" ? null : { start, end };
}

function lineStart(text: string, offset: number): number {
  return offset <= 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

function lineEnd(text: string, offset: number): number {
  const at = text.indexOf("\n", Math.max(0, offset));
  return at < 0 ? text.length : at;
}

/** The module, or the offset of the error where the parser names one. */
function parseModule(text: string, jsx: boolean): { readonly value: Module } | { readonly offset: number | null } {
  try {
    const program = parse(text, {
      comment: true,
      range: true,
      sourceType: "module",
      loc: false,
      jsx,
      jsDocParsingMode: "none",
      loggerFn: false,
      onUnsupportedTypeScriptVersion: "ignore",
    });
    const body = convertStatements(program.body, { text, statements: convertStatements });
    const comments = (program.comments ?? []).map(({ range: [start, end] }) => ({
      start,
      end,
      text: text.slice(start, end),
    }));
    return { value: { language: "typescript", start: 0, end: text.length, body, comments, holes: [] } };
  } catch (error) {
    // Besides syntax errors: text nested so deeply that the compiler runs out of stack, and the compiler's own assertions.
    return { offset: error instanceof TSError ? error.location.start.offset : null };
  }
}

function moveModule(module: Module, from: string, to: string): Module {
  const [edit] = editBetween(from, to);
  if (!edit) return module;
  const inserted = edit.start + edit.newText.length;
  const at: Offsets = (offset) => {
    if (offset <= edit.start) return offset;
    return offset >= edit.end ? offset - edit.end + inserted : Math.min(offset, inserted);
  };
  const holes = [...module.holes.map((hole) => moveRange(hole, at)), { start: edit.start, end: inserted }];
  const comments = module.comments.map((comment) => moveComment(comment, at));
  const body = moveStatements(module.body, at);
  return { language: "typescript", start: 0, end: to.length, body, comments, holes: mergeRanges(holes) };
}

function mergeRanges(ranges: readonly TextRange[]): readonly TextRange[] {
  const merged: TextRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && range.start <= last.end)
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    else merged.push(range);
  }
  return merged;
}
