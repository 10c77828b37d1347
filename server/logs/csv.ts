import { parse } from "csv-parse/sync";
import { createLineDecoder, headLines } from "./lineDecoder.ts";
import type { LogFormat, LogReader, LogRecord } from "./logFormat.ts";
import { parseNumber } from "./numberText.ts";
import { phaseFields, phaseOfWord } from "./recordPhase.ts";

const delimiters = [",", "\t", ";", "|"] as const;

/** A quoted cell that goes on over more lines than this is an unbalanced quote. */
const mostLinesOfRow = 50;

const absentCell = /^(|NA|N\/A|None|null|-)$/i;

/** A header of names, then rows of numbers: comma, tab, semicolon or bar between them, quoted or padded with blanks. */
export const csv: LogFormat = { name: "csv", recognize, createReader };

function recognize(head: Uint8Array, fileName: string): number {
  const lines = headLines(head).filter((line) => line.trim().length > 0);
  const header = lines[0];
  if (header === undefined) {
    return 0;
  }
  const delimiter = delimiterOf(header);
  const names = delimiter === null ? [header.trim()] : cellsOf(header, delimiter);
  if (names === null || !isHeader(names)) {
    return 0;
  }
  const named = /\.(csv|tsv)$/i.test(fileName);
  if (lines.length === 1) {
    return delimiter === null || !named ? 0 : 0.9;
  }
  const rows = lines.slice(1, 50);
  const good = rows.filter((row) => {
    const cells = delimiter === null ? [row.trim()] : cellsOf(row, delimiter);
    return (
      cells !== null &&
      cells.length === names.length &&
      (sameNames(cells, names) || cells.some((cell) => parseNumber(cell) !== null))
    );
  }).length;
  const share = good / rows.length;
  if (share < 0.5 || (delimiter === null && !named)) {
    return 0;
  }
  return share * (named ? 0.97 : 0.95);
}

function delimiterOf(header: string): string | null {
  let best: string | null = null;
  let most = 0;
  for (const delimiter of delimiters) {
    const count = header.split(delimiter).length - 1;
    if (count > most) {
      most = count;
      best = delimiter;
    }
  }
  return best;
}

/** Names: none is a number, most are not empty and at least one has a letter. */
function isHeader(cells: readonly string[]): boolean {
  return (
    cells.some((cell) => /[A-Za-z]/.test(cell)) &&
    cells.every((cell) => parseNumber(cell) === null && cell.length < 200 && !/[{}]|: /.test(cell)) &&
    cells.filter((cell) => cell.length > 0).length * 2 > cells.length
  );
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/** The cells of one row, null while a quoted cell is not closed. */
function cellsOf(row: string, delimiter: string): string[] | null {
  if (!row.includes('"')) {
    const cells = row.split(delimiter);
    for (let i = 0; i < cells.length; i++) {
      cells[i] = (cells[i] ?? "").trim();
    }
    return cells;
  }
  if ((row.split('"').length - 1) % 2 === 1) {
    return null;
  }
  try {
    const rows: string[][] = parse(row, {
      delimiter,
      relax_quotes: true,
      relax_column_count: true,
      ltrim: true,
      rtrim: true,
    });
    return (rows[0] ?? []).map((cell) => cell.trim());
  } catch {
    return null;
  }
}

/** The number of a cell, null for an absent one and for text. */
function numberIn(cell: string): number | null {
  return absentCell.test(cell.trim()) ? null : parseNumber(cell);
}

/** What `Number` reads as it is meant, or as no number: no blanks before it, no `0x`. */
function isPlain(cell: string): boolean {
  return (
    cell.charCodeAt(0) > 0x20 && !(cell.charCodeAt(0) === 0x30 && cell.charCodeAt(1) > 0x39 && /^0[xob]/i.test(cell))
  );
}

function createReader(): LogReader {
  const decoder = createLineDecoder({ atReturns: false });
  const skipped: { count: number; first: { line: number; reason: string } | null } = { count: 0, first: null };
  let lineNumber = 0;
  let delimiter = ",";
  let header: string[] | null = null;
  let open = "";
  let openLines = 0;
  let restart = false;

  function skip(reason: string): void {
    skipped.count++;
    skipped.first ??= { line: lineNumber, reason };
  }

  function read(text: string, endOffset: number, out: LogRecord[]): void {
    lineNumber++;
    if (open === "" && text.trim().length === 0) {
      return;
    }
    const row = open === "" ? text : `${open}\n${text}`;
    if (header === null) {
      delimiter = delimiterOf(row) ?? ",";
    }
    if (open === "" && header !== null && !row.includes('"') && readPlain(row, header, endOffset, out)) {
      return;
    }
    const cells = cellsOf(row, delimiter);
    if (cells === null) {
      open = row;
      openLines++;
      if (openLines >= mostLinesOfRow) {
        open = "";
        openLines = 0;
        skip("a quote that is not closed");
      }
      return;
    }
    open = "";
    openLines = 0;
    readRow(cells, endOffset, out);
  }

  /** A row without quotes that has a number and as many cells as the header, read in one pass; false for other rows. */
  function readPlain(row: string, names: readonly string[], endOffset: number, out: LogRecord[]): boolean {
    const values = new Map<string, number>();
    let phase: "train" | "val" | null = null;
    let column = 0;
    for (let at = 0; ; column++) {
      const next = row.indexOf(delimiter, at);
      const end = next < 0 ? row.length : next;
      const name = names[column];
      if (name === undefined) {
        return false;
      }
      if (end > at && name !== "") {
        const cell = row.slice(at, end);
        const plain = isPlain(cell) ? Number(cell) : Number.NaN;
        const number = Number.isNaN(plain) ? numberIn(cell) : plain;
        if (number !== null) {
          values.set(name, number);
        } else if (phaseFields.has(name)) {
          phase = phaseOfWord(cell);
        }
      }
      if (next < 0) {
        break;
      }
      at = next + 1;
    }
    if (column + 1 !== names.length || values.size === 0) {
      return false;
    }
    push(values, phase, endOffset, out);
    return true;
  }

  function push(
    values: ReadonlyMap<string, number>,
    phase: "train" | "val" | null,
    endOffset: number,
    out: LogRecord[],
  ): void {
    if (restart || phase !== null) {
      const said = phase === null ? {} : { phase };
      out.push({ values, line: lineNumber, endOffset, ...(restart ? { restart: true } : {}), ...said });
    } else {
      out.push({ values, line: lineNumber, endOffset });
    }
    restart = false;
  }

  function readRow(cells: string[], endOffset: number, out: LogRecord[]): void {
    if (header === null) {
      header = isHeader(cells) ? cells : cells.map((_, i) => `column ${i + 1}`);
      if (header === cells) {
        return;
      }
    } else if (isHeader(cells) && cells.length > 1) {
      // A header in the middle: the same file was opened again by a new run, perhaps with other columns.
      header = cells;
      restart = true;
      return;
    }
    if (cells.length !== header.length) {
      skip(`${cells.length} cells under ${header.length} names`);
      return;
    }
    const values = new Map<string, number>();
    let phase: "train" | "val" | null = null;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] ?? "";
      const name = header[i] ?? "";
      if (name === "") {
        continue;
      }
      const number = numberIn(cell);
      if (number !== null) {
        values.set(name, number);
      } else if (phaseFields.has(name)) {
        phase = phaseOfWord(cell);
      }
    }
    if (values.size === 0) {
      skip("no number in this row");
      return;
    }
    push(values, phase, endOffset, out);
  }

  function through(feed: (sink: (text: string, end: number) => void) => void): LogRecord[] {
    const out: LogRecord[] = [];
    const before = decoder.overlong;
    feed((text, end) => read(text, end, out));
    if (decoder.overlong > before) {
      skipped.count += decoder.overlong - before;
      skipped.first ??= { line: lineNumber, reason: "line longer than 4 MiB" };
    }
    return out;
  }

  return {
    push: (chunk) => through((sink) => decoder.push(chunk, sink)),
    finish: () => through((sink) => decoder.finish(sink)),
    skipped,
  };
}
