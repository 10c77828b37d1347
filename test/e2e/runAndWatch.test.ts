import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { openEditor, openFile, patience, release, runCommand, screenshots, until } from "./embeddedEditor.ts";
import { chartFacts, panelFrame, verdictKinds } from "./watchLog.ts";

test(`VS Code ${release}: Run and Watch runs tiny.py in the terminal and plots what it prints`, async (context) => {
  const editor = await openEditor();
  context.after(editor.close);
  const { page, workspace } = editor;
  const script = path.join(workspace, "tiny.py");
  const text = await readFile(script, "utf8");
  const fast = text.replace('"--fast", action="store_true"', '"--fast", action="store_true", default=True');
  assert.notEqual(fast, text);
  await writeFile(script, fast);

  await openFile(page, "tiny.py");
  await runCommand(page, "Haywire: Run and Watch");
  await page.locator(".terminal-wrapper .xterm").first().waitFor({ timeout: patience });
  const panel = await panelFrame(page);
  const loss = () => chartFacts(panel, "loss");
  const early = await until("points of the loss", loss, (facts) => (facts?.drawn ?? 0) >= 5);
  assert.ok((early?.lastStep ?? 0) < 12_000, "drawn while the script runs");
  await until("the last step", loss, (facts) => facts?.lastStep === 12_000);
  await until(
    "the gradient norm",
    () => chartFacts(panel, "gradient norm"),
    (facts) => facts?.lastStep === 12_000,
  );
  const kinds = await until(
    "a verdict",
    () => verdictKinds(panel),
    (reached) => reached.length > 0,
  );
  assert.ok(kinds.includes("loss-spike") || kinds.includes("loss-growth"), kinds.join(", "));
  await until(
    "the run's end",
    () => panel.locator("[data-haywire-state]").getAttribute("data-haywire-state"),
    (state) => state === "finished",
  );
  await screenshots(editor, "run-and-watch");
});
