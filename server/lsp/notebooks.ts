import { NotebookCellKind, type NotebookDocument } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { blankMagics } from "../text/notebook.ts";
import { type Part, type Program, pathOf } from "./programs.ts";

/**
 * A notebook's Python cells as one program, in order, a line break between two. Magics and shell lines are blanked with as
 * many spaces, so that every offset stays. `documentOf` gives the text of a cell, `undefined` while it is not known.
 */
export function programOfNotebook(
  notebook: NotebookDocument,
  documentOf: (uri: string) => TextDocument | undefined,
): Program {
  const parts: Part[] = [];
  const texts: string[] = [];
  let start = 0;
  for (const cell of notebook.cells) {
    const document = cell.kind === NotebookCellKind.Code ? documentOf(cell.document) : undefined;
    if (document?.languageId !== "python") continue;
    const text = blankMagics(document.getText());
    parts.push({ document, start });
    texts.push(text);
    start += text.length + 1;
  }
  return { uri: notebook.uri, path: pathOf(notebook.uri), parts, text: texts.join("\n") };
}
