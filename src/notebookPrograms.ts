/** Training in the cells of a notebook: each run of a cell that prints a loss is offered to be followed. */
import path from "node:path";
import * as vscode from "vscode";
import { type CellOutput, cellOutput } from "./cellOutput.ts";
import type { FollowOffers } from "./followOffers.ts";
import type { OutputSink } from "./pipedTerminal.ts";

interface CellRun {
  readonly sink: OutputSink;
  readonly output: CellOutput;
}

export function watchNotebooks(offers: FollowOffers): vscode.Disposable {
  const running = new Map<vscode.NotebookCell, CellRun>();

  const begin = (notebook: vscode.NotebookDocument, cell: vscode.NotebookCell): CellRun => {
    const file = notebook.uri.scheme === "file" ? notebook.uri.fsPath : null;
    const name = `${path.posix.basename(notebook.uri.path)} cell ${cell.index + 1}`;
    const sink = offers.begin({
      runId: `notebook:${cell.document.uri.toString()}:${Date.now()}`,
      name,
      codePath: file,
      workingFolder: file === null ? null : path.dirname(file),
      command: [],
      outputFile: null,
    });
    return { sink, output: cellOutput() };
  };
  const end = (cell: vscode.NotebookCell, succeeded: boolean | null) => {
    running.get(cell)?.sink.ended(succeeded === null ? null : succeeded ? 0 : 1);
    running.delete(cell);
  };

  return vscode.Disposable.from(
    vscode.workspace.onDidChangeNotebookDocument(({ notebook, cellChanges }) => {
      for (const { cell, outputs, executionSummary } of cellChanges) {
        // Running a cell again takes its former outputs away first.
        if (outputs?.length === 0) end(cell, null);
        if (outputs !== undefined && outputs.length > 0 && cell.kind === vscode.NotebookCellKind.Code) {
          const run = running.get(cell) ?? begin(notebook, cell);
          running.set(cell, run);
          const text = run.output.next(outputs.flatMap(({ items }) => items));
          if (text) run.sink.text(text);
        }
        if (executionSummary?.success !== undefined) end(cell, executionSummary.success);
      }
    }),
    vscode.workspace.onDidCloseNotebookDocument((notebook) => {
      for (const cell of [...running.keys()]) if (cell.notebook === notebook) end(cell, null);
    }),
  );
}
