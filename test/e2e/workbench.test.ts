import assert from "node:assert/strict";
import { test } from "node:test";
import { openEditor, openFile, release, runCommand } from "./embeddedEditor.ts";

test(`VS Code ${release} opens the examples folder and runs commands`, async (context) => {
  const editor = await openEditor({ installed: false });
  context.after(editor.close);
  const rows = await editor.page.locator(".explorer-folders-view .monaco-list-row").allInnerTexts();
  for (const name of ["train.py", "train.ts", "tiny.py"])
    assert.ok(rows.includes(name), `${name} in ${rows.join(", ")}`);
  await openFile(editor.page, "train.py");
  await runCommand(editor.page, "View: Toggle Minimap");
});
