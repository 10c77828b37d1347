import assert from "node:assert/strict";
import * as vscode from "vscode";
import { trainPyFindings, trainTsFindings } from "./expectedFindings.ts";
import type { HostTest } from "./hostTest.ts";

/** How long a finding may take to come or go on a slow machine, in ms. */
const patience = 30_000;

export const lintTests: readonly HostTest[] = [
  {
    name: "train.py has exactly the findings that it was written to have",
    run: async () => assert.deepEqual(described(await lint("train.py")), trainPyFindings),
  },
  {
    name: "train.ts has exactly the findings that it was written to have",
    run: async () => assert.deepEqual(described(await lint("train.ts")), trainTsFindings),
  },
  {
    name: "every finding links to its rule's document and ends in a sentence",
    run: async () => {
      for (const name of ["train.py", "train.ts"]) {
        for (const finding of (await lint(name)).findings) {
          assert.ok(typeof finding.code === "object" && finding.code.target, `${codeOf(finding)} has a link`);
          assert.match(finding.message, /\.$/);
        }
      }
    },
  },
  {
    name: "the clipping fix is a quick fix, and after it the rule is silent",
    run: async () => {
      const { document, findings } = await lint("train.py");
      const rule = "missing-gradient-clipping";
      const finding = findings.find((each) => codeOf(each) === rule);
      assert.ok(finding, rule);
      const actions = await actionsAt(document, finding.range);
      const clip = actions.find(({ title, edit }) => edit && /^Clip the gradient norm/.test(title));
      assert.ok(clip?.edit, `a fix among: ${actions.map(({ title }) => title).join(" | ")}`);
      assert.ok(clip.kind && vscode.CodeActionKind.QuickFix.contains(clip.kind));
      await vscode.workspace.applyEdit(clip.edit);
      assert.match(
        document.getText(),
        /backward\(\)\n {12}scaler\.unscale_\(optimizer\)\n {12}\S*clip_grad_norm_\(model\.parameters\(\), (max_norm=)?1\.0\)\n {12}scaler\.step/,
      );
      await until(
        `${rule} to go`,
        () => !vscode.languages.getDiagnostics(document.uri).some((each) => codeOf(each) === rule),
      );
      await vscode.commands.executeCommand("undo");
      await until(`${rule} to come back`, () =>
        vscode.languages.getDiagnostics(document.uri).some((each) => codeOf(each) === rule),
      );
    },
  },
  {
    name: "hovering the optimizer tells what eps it gets",
    run: async () => {
      const { document } = await lint("train.py");
      const at = document.positionAt(document.getText().indexOf("Adam(") + 1);
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        "vscode.executeHoverProvider",
        document.uri,
        at,
      );
      const text = hovers.flatMap(({ contents }) =>
        contents.map((part) => (typeof part === "string" ? part : part.value)),
      );
      assert.match(text.join("\n"), /eps/);
      assert.match(text.join("\n"), /0\.003|3e-3/);
    },
  },
  {
    name: "a file that stops parsing keeps the findings around the hole, and gets the rest back",
    run: async () => {
      const { document, findings } = await lint("train.py");
      const before = findings.map(codeOf).sort();
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, document.lineAt(document.lineCount - 1).range.end, "\nmodel.load(\n");
      await vscode.workspace.applyEdit(edit);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.ok(vscode.languages.getDiagnostics(document.uri).some((each) => codeOf(each) === "adam-l2-weight-decay"));
      await vscode.commands.executeCommand("undo");
      await until("all findings", () => {
        const now = vscode.languages.getDiagnostics(document.uri).map(codeOf).sort();
        return JSON.stringify(now) === JSON.stringify(before);
      });
    },
  },
];

interface Linted {
  readonly document: vscode.TextDocument;
  readonly findings: readonly vscode.Diagnostic[];
}

/** Opens a file of the workspace and waits until its findings have stayed the same for a second. */
async function lint(name: string): Promise<Linted> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder, "a folder is open");
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder, name));
  await vscode.window.showTextDocument(document);
  let seen = "";
  let since = Date.now();
  await until(`findings in ${name}`, () => {
    const now = JSON.stringify(ours(document));
    if (now !== seen) since = Date.now();
    seen = now;
    return ours(document).length > 0 && Date.now() - since > 1000;
  });
  return { document, findings: ours(document) };
}

/** Other extensions mark the file too: TypeScript cannot find its libraries here. */
function ours(document: vscode.TextDocument): readonly vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source?.toLowerCase() === "haywire");
}

/** "warning missing-gradient-clipping 130: scaler.step(optimizer)", in the order of the text; lines count from 1, and `+3` tells three more. */
function described({ document, findings }: Linted): readonly string[] {
  return [...findings]
    .sort(
      (a, b) =>
        document.offsetAt(a.range.start) - document.offsetAt(b.range.start) || codeOf(a).localeCompare(codeOf(b)),
    )
    .map((finding) => {
      const severity = vscode.DiagnosticSeverity[finding.severity].toLowerCase();
      const [first = "", ...more] = document.getText(finding.range).split("\n");
      return `${severity} ${codeOf(finding)} ${finding.range.start.line + 1}: ${first}${more.length > 0 ? ` +${more.length}` : ""}`;
    });
}

function codeOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === "object" ? code.value : code);
}

async function actionsAt(document: vscode.TextDocument, range: vscode.Range): Promise<readonly vscode.CodeAction[]> {
  const provided = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    document.uri,
    range,
    vscode.CodeActionKind.QuickFix.value,
    20,
  );
  return provided;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + patience;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Waited ${patience / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
