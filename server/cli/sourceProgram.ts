import path from "node:path";
import { locateIn, type ReportedFile } from "../report/reportedFile.ts";
import { cellAt, notebookEdits, readNotebook } from "../text/notebook.ts";
import type { Problem } from "../text/problem.ts";
import type { TextEdit } from "../text/range.ts";

/** What is linted of a file's text: the text itself, or a notebook's code cells joined. */
export interface SourceProgram {
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly locate: ReportedFile["locate"];
  /** Edits of the program as edits of the file's text; empty when one of them cannot be made there. */
  readonly editsInFile: (edits: readonly TextEdit[]) => readonly TextEdit[];
}

export function sourceProgram(name: string, fileText: string): SourceProgram {
  if (path.extname(name).toLowerCase() !== ".ipynb") {
    return { text: fileText, problems: [], locate: locateIn(fileText), editsInFile: (edits) => edits };
  }
  const { value: notebook, problems } = readNotebook(name, fileText);
  return {
    text: notebook.text,
    problems,
    locate: (offset) => cellAt(notebook, offset) ?? { row: 1, column: 1, cell: null },
    editsInFile(edits) {
      const made = notebookEdits(notebook, edits);
      return made.skipped.length > 0 ? [] : made.edits;
    },
  };
}
