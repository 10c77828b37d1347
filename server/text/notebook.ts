import { type Node, parseTree } from "jsonc-parser";
import { applyEdits, inOrder } from "./edits.ts";
import { indexLines, rowColumnAt } from "./lineIndex.ts";
import type { Outcome } from "./problem.ts";
import type { TextEdit, TextRange } from "./range.ts";

/** A code cell of a notebook and where its text lies in the joined text. */
export interface NotebookCell extends TextRange {
  /** Counted over all cells from 1, Markdown too. */
  readonly cell: number;
  /** The source as the notebook has it, magics and all; in the joined text those are blanked. */
  readonly source: string;
  /** The value of `source` in the JSON text, and for a list of lines the space before its first line and after its last. */
  readonly json: TextRange & { readonly list: { readonly before: string; readonly after: string } | null };
}

/** A notebook as one Python text: its code cells in order, each ended by a line feed of its own. */
export interface Notebook {
  readonly json: string;
  readonly text: string;
  readonly cells: readonly NotebookCell[];
}

/** Reads the JSON text of an `.ipynb` file; what is not a notebook gives no cells and one problem. */
export function readNotebook(path: string, json: string): Outcome<Notebook> {
  const empty: Notebook = { json, text: "", cells: [] };
  const root = parseJson(json);
  const list = root && property(root, "cells");
  if (list?.type !== "array") {
    return { value: empty, problems: [{ path, message: "The file is not a notebook: it has no list of cells" }] };
  }
  const cells: NotebookCell[] = [];
  let text = "";
  (list.children ?? []).forEach((node, index) => {
    const value = property(node, "source");
    const source = value && sourceText(value);
    if (property(node, "cell_type")?.value !== "code" || !value || source === null || source === undefined) return;
    const start = text.length;
    text += `${blankMagics(source)}\n`;
    const at = { start: value.offset, end: value.offset + value.length, list: listSpaces(json, value) };
    cells.push({ cell: index + 1, source, start, end: start + source.length, json: at });
  });
  return { value: { json, text, cells }, problems: [] };
}

/** The cell of an offset of the joined text, with the row and column (from 1) in it; null outside all cells. */
export function cellAt(
  notebook: Notebook,
  offset: number,
): { readonly cell: number; readonly row: number; readonly column: number } | null {
  const cell = cellOf(notebook, offset);
  if (!cell) return null;
  return { cell: cell.cell, ...rowColumnAt(indexLines(cell.source), offset - cell.start) };
}

/** The offset in the joined text of an offset in a cell's own text; null when there is no such code cell. */
export function offsetInNotebook(notebook: Notebook, cell: number, offset: number): number | null {
  const found = notebook.cells.find((candidate) => candidate.cell === cell);
  return found ? Math.min(found.start + offset, found.end) : null;
}

/**
 * Edits of the joined text as edits of the notebook's JSON text: of each touched cell the whole `source` is written again, in
 * the form that it had (a string or a list of lines) and nothing else changes. An edit that reaches from one cell into another
 * is left out and returned in `skipped`.
 */
export function notebookEdits(
  notebook: Notebook,
  edits: readonly TextEdit[],
): { readonly edits: readonly TextEdit[]; readonly skipped: readonly TextEdit[] } {
  const skipped: TextEdit[] = [];
  const byCell = new Map<NotebookCell, TextEdit[]>();
  for (const edit of inOrder(edits)) {
    const cell = cellOf(notebook, edit.start);
    if (!cell || edit.end > cell.end) {
      skipped.push(edit);
      continue;
    }
    const local = { start: edit.start - cell.start, end: edit.end - cell.start, newText: edit.newText };
    byCell.set(cell, [...(byCell.get(cell) ?? []), local]);
  }
  const made = [...byCell].map(([cell, local]): TextEdit => {
    const applied = applyEdits(cell.source, local);
    for (const edit of applied.skipped)
      skipped.push({ ...edit, start: edit.start + cell.start, end: edit.end + cell.start });
    const { start, end } = cell.json;
    return {
      start,
      end,
      newText: applied.text === cell.source ? notebook.json.slice(start, end) : sourceJson(cell, applied.text),
    };
  });
  return { edits: made.filter((edit) => edit.newText !== notebook.json.slice(edit.start, edit.end)), skipped };
}

/** The reader recurses, so absurdly nested text exhausts its stack: that is no notebook either. */
function parseJson(json: string): Node | undefined {
  try {
    return parseTree(json);
  } catch {
    return undefined;
  }
}

function cellOf({ cells }: Notebook, offset: number): NotebookCell | undefined {
  return cells.find((cell) => cell.start <= offset && offset <= cell.end);
}

function property(node: Node, name: string): Node | undefined {
  const found = node.children?.find((child) => child.type === "property" && child.children?.[0]?.value === name);
  return found?.children?.[1];
}

function sourceText(node: Node): string | null {
  if (node.type === "string") return String(node.value);
  if (node.type !== "array") return null;
  const lines = node.children ?? [];
  return lines.every((line) => line.type === "string") ? lines.map((line) => String(line.value)).join("") : null;
}

function listSpaces(json: string, list: Node): { before: string; after: string } | null {
  if (list.type !== "array") return null;
  const first = list.children?.[0];
  const last = list.children?.at(-1);
  if (!first || !last) return { before: "", after: "" };
  return {
    before: json.slice(list.offset + 1, first.offset),
    after: json.slice(last.offset + last.length, list.offset + list.length - 1),
  };
}

function sourceJson(cell: NotebookCell, source: string): string {
  const { list } = cell.json;
  if (!list) return JSON.stringify(source);
  const lines = source.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  if (lines.length === 0) return "[]";
  return `[${list.before}${lines.map((line) => JSON.stringify(line)).join(`,${list.before || " "}`)}${list.after}]`;
}

/**
 * Lines for IPython instead of Python become blanks of the same length: `%magic`, `!shell`, `x = !shell`, help (`name?`), and a
 * whole cell under `%%magic`, except under the magics that run the cell as Python. Inside brackets and after a backslash a
 * line that starts with `%` is Python, as in `a = (b\n  % c)`.
 */
export function blankMagics(source: string): string {
  const cellMagic = /^\s*%%(\w+)/.exec(source);
  if (cellMagic && !/^(?:time|timeit|capture|prun)$/.test(cellMagic[1] ?? "")) return blank(source);
  let depth = 0;
  let previous: "python" | "python goes on" | "magic goes on" = "python";
  return source.replace(/[^\r\n]+/g, (line) => {
    const isFresh = depth === 0 && previous === "python";
    const goesOn = line.endsWith("\\");
    if (previous === "magic goes on" || (isFresh && magicLine.test(line))) {
      previous = goesOn ? "magic goes on" : "python";
      return blank(line);
    }
    depth = Math.max(0, depth + openBrackets(line));
    previous = goesOn ? "python goes on" : "python";
    return line;
  });
}

const magicLine = /^\s*[%!?]|^\s*[\w.]+\s*=\s*(?:!|%\w)|^\s*[\w.]+\?\??\s*$/;

/** How many more brackets a line opens than it closes, strings and comments left out. */
function openBrackets(line: string): number {
  const code = line.replace(/(["'])(?:\\.|(?!\1)[^\\])*\1/g, "").replace(/#.*/, "");
  return (code.match(/[([{]/g)?.length ?? 0) - (code.match(/[)\]}]/g)?.length ?? 0);
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, " ");
}
