import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { Diagnostic } from "../lint/diagnostic.ts";
import type { Problem } from "../text/problem.ts";

/** A place as people count: rows and columns from 1, columns in Unicode code points. */
export interface Place {
  readonly row: number;
  readonly column: number;
  /** In a notebook the cell, counted from 1 over all cells; rows then count within it. Null elsewhere. */
  readonly cell: number | null;
}

/** A linted file, ready to be reported. */
export interface ReportedFile {
  /** As it is shown: usually relative to the current folder. */
  readonly path: string;
  /** The linted text; a notebook's joined text. */
  readonly text: string;
  readonly locate: (offset: number) => Place;
  readonly diagnostics: readonly Diagnostic[];
  readonly problems: readonly Problem[];
  readonly suppressed: number;
  /** Null where the file was not parsed. */
  readonly facts: TrainingFacts | null;
}

/** Offset → place for a text that is no notebook: lines end with LF, CRLF or a lone CR. */
export function locateIn(text: string): (offset: number) => Place {
  const starts = [0];
  for (const { index, 0: lineEnd } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + lineEnd.length);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { row: low + 1, column: codePoints(text.slice(starts[low] ?? 0, offset)) + 1, cell: null };
  };
}

/** How many code points a text has. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
