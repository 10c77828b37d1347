import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { HostTest } from "./hostTest.ts";

export const commandTests: readonly HostTest[] = [
  {
    name: "every command of the manifest is registered once the extension is active",
    run: async () => {
      const extension = vscode.extensions.getExtension("haywire.haywire");
      assert.ok(extension, "the extension is there");
      await extension.activate();
      const registered = new Set(await vscode.commands.getCommands(true));
      const declared: readonly { command: string }[] = extension.packageJSON.contributes.commands;
      assert.ok(declared.length > 0);
      const missing = declared.filter(({ command }) => !registered.has(command));
      assert.deepEqual(missing, []);
    },
  },
];
