import type { Position, TextDocumentContentChangeEvent } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { TextEdit } from "../text/range.ts";

/**
 * A client's changes as edits of the text before them. Each change counts from the text that the earlier ones left; several
 * changes are edits of one text only when each lies before the last one, as editors send multiple cursors. Null otherwise.
 */
export function editsOfChanges(
  document: TextDocument,
  changes: readonly TextDocumentContentChangeEvent[],
): TextEdit[] | null {
  const edits: TextEdit[] = [];
  let limit: Position = { line: Number.POSITIVE_INFINITY, character: 0 };
  for (const change of changes) {
    if (!("range" in change)) return null;
    // Positions are compared, not offsets: one that lies in what an earlier change inserted has no offset in this text.
    if (isAfter(change.range.end, limit)) return null;
    const start = document.offsetAt(change.range.start);
    const end = document.offsetAt(change.range.end);
    if (start > end) return null;
    limit = document.positionAt(start);
    edits.unshift({ start, end, newText: change.text });
  }
  return edits;
}

function isAfter(left: Position, right: Position): boolean {
  return left.line > right.line || (left.line === right.line && left.character > right.character);
}

/** How the language-server package keeps texts, with each change told before it is made. */
export function textConfiguration(onChange: (document: TextDocument, edits: readonly TextEdit[] | null) => void) {
  return {
    create: TextDocument.create,
    update(document: TextDocument, changes: TextDocumentContentChangeEvent[], version: number): TextDocument {
      onChange(document, editsOfChanges(document, changes));
      return TextDocument.update(document, changes, version);
    },
  };
}
