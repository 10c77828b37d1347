/** Rule documents: read from the server, shown as rendered Markdown. */
import * as vscode from "vscode";
import { type Client, request } from "./client.ts";
import { ruleNameOf, ruleScheme, ruleUri } from "./ruleUri.ts";

export function registerRuleDocuments(client: Client): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(ruleScheme, {
    provideTextDocumentContent: async (uri) => {
      const name = ruleNameOf(uri.path) ?? uri.path;
      return (await request(client, "haywire/rule", { name })) ?? `# ${name}\n\nHaywire has no rule of this name.\n`;
    },
  });
}

/** Opens a rule's document; asks for the rule when `name` is missing, offering those found in open files. */
export async function showRule(name: unknown): Promise<void> {
  const chosen = typeof name === "string" ? name : await askForRule();
  if (!chosen) return;
  await vscode.commands.executeCommand("markdown.showPreview", vscode.Uri.from(ruleUri(chosen)));
}

async function askForRule(): Promise<string | undefined> {
  const found = new Set<string>();
  for (const [, diagnostics] of vscode.languages.getDiagnostics()) {
    for (const { source, code } of diagnostics) {
      const value = typeof code === "object" ? code.value : code;
      if (source?.toLowerCase() === "haywire" && typeof value === "string") found.add(value);
    }
  }
  if (found.size === 0) {
    return vscode.window.showInputBox({ prompt: "Rule", placeHolder: "missing-gradient-clipping" });
  }
  return vscode.window.showQuickPick([...found].sort(), { placeHolder: "Rules found in open files" });
}
