import * as vscode from "vscode";
import type { CodePlace } from "../server/protocol.ts";

/** Opens the file at the place, in a column that does not hold the panel, and selects it. */
export async function goToCode(place: CodePlace): Promise<void> {
  const uri = vscode.Uri.parse(place.uri);
  const range = new vscode.Range(place.line, place.character, place.endLine, place.endCharacter);
  await vscode.window.showTextDocument(uri, { selection: range, viewColumn: columnOf(uri), preview: true });
}

/** Where the file is open already, else where some text is, else the first column. */
function columnOf(uri: vscode.Uri): vscode.ViewColumn {
  const editors = vscode.window.visibleTextEditors;
  const same = editors.find((editor) => editor.document.uri.toString() === uri.toString());
  return same?.viewColumn ?? editors.find((editor) => editor.viewColumn)?.viewColumn ?? vscode.ViewColumn.One;
}
