const { spawn } = require("node:child_process");
const path = require("node:path");
const vscode = require("vscode");

/** @param {import('vscode').ExtensionContext} context */
exports.activate = (context) => {
  const controller = vscode.notebooks.createNotebookController("plain-kernel", "jupyter-notebook", "Plain Python");
  controller.supportedLanguages = ["python"];
  controller.executeHandler = (cells) => {
    for (const cell of cells) run(controller, cell);
  };
  context.subscriptions.push(controller);
};

/**
 * Appends to one output as Jupyter's extension does.
 * @param {import('vscode').NotebookController} controller
 * @param {import('vscode').NotebookCell} cell
 */
function run(controller, cell) {
  const execution = controller.createNotebookCellExecution(cell);
  execution.start(Date.now());
  execution.clearOutput();
  const cwd = path.dirname(cell.notebook.uri.fsPath);
  const python = spawn("python3", ["-u", "-c", cell.document.getText()], { cwd });
  /** @type {import('vscode').NotebookCellOutput | null} */
  let output = null;
  /** @type {Promise<unknown>} */
  let work = Promise.resolve();
  python.stdout.setEncoding("utf8").on("data", (text) => {
    const item = vscode.NotebookCellOutputItem.stdout(text);
    work = work.then(() => {
      if (output !== null) return execution.appendOutputItems(item, output);
      output = new vscode.NotebookCellOutput([item]);
      return execution.appendOutput(output);
    });
  });
  python.on("close", (code) => work.then(() => execution.end(code === 0, Date.now())));
}
