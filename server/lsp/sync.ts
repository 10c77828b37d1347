import { type Connection, type NotebookDocument, NotebookDocuments, TextDocuments } from "vscode-languageserver";
import type { TextEdit } from "../text/range.ts";
import { programOfNotebook } from "./notebooks.ts";
import { type Program, programOfFile } from "./programs.ts";
import { textConfiguration } from "./textSync.ts";

/** What the client does to its texts, as programs. */
export interface SyncEvents {
  /** Opened or changed; `edits` lead from the last text to this one, null where they are not known. */
  readonly onText: (program: Program, edits: readonly TextEdit[] | null) => void;
  readonly onSave: (uri: string) => void;
  readonly onClose: (uri: string) => void;
}

/** Keeps the client's files and notebooks in step, and tells them as programs. */
export function listenToTexts(connection: Connection, events: SyncEvents): void {
  const edits = new Map<string, readonly TextEdit[] | null>();
  const files = new TextDocuments(textConfiguration((document, change) => edits.set(document.uri, change)));
  files.onDidChangeContent(({ document }) => {
    events.onText(programOfFile(document), edits.get(document.uri) ?? null);
    edits.delete(document.uri);
  });
  files.onDidSave(({ document }) => events.onSave(document.uri));
  files.onDidClose(({ document }) => events.onClose(document.uri));
  files.listen(connection);

  const notebooks = new NotebookDocuments(textConfiguration(() => undefined));
  const tell = (notebook: NotebookDocument) =>
    events.onText(
      programOfNotebook(notebook, (uri) => notebooks.cellTextDocuments.get(uri)),
      null,
    );
  notebooks.onDidOpen(tell);
  notebooks.onDidChange(({ notebookDocument }) => tell(notebookDocument));
  notebooks.onDidSave(({ uri }) => events.onSave(uri));
  notebooks.onDidClose(({ uri }) => events.onClose(uri));
  notebooks.listen(connection);
}
