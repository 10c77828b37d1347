import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { Diagnostic } from "../lint/diagnostic.ts";
import { indexLines, rowColumnAt } from "../text/lineIndex.ts";
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
  /** How many findings the baseline accepts; they are not among the diagnostics. */
  readonly accepted: number;
  /** Null where the file was not parsed. */
  readonly facts: TrainingFacts | null;
}

/** Offset → place in a text that is no notebook. */
export function locateIn(text: string): ReportedFile["locate"] {
  const lines = indexLines(text);
  return (offset) => ({ ...rowColumnAt(lines, offset), cell: null });
}
