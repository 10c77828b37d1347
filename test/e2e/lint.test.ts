import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import {
  type Editor,
  goToLine,
  openEditor,
  openFile,
  patience,
  release,
  screenshots,
  until,
} from "./embeddedEditor.ts";
import { applyQuickFix, problems } from "./problemsView.ts";

test(`VS Code ${release}: train.py is marked, and the lightbulb mends the file`, async (context) => {
  const editor = await openEditor();
  context.after(editor.close);
  const { page } = editor;
  await openFile(page, "train.py");
  await goToLine(page, 100);
  await page.locator(".squiggly-warning").first().waitFor({ timeout: patience });
  const listed = (await problems(page)).join("\n");
  for (const rule of ["missing-gradient-clipping", "adam-l2-weight-decay", "loss-keeps-graph"]) {
    assert.match(listed, new RegExp(rule));
  }
  await screenshots(editor, "train-py");

  await applyQuickFix(page, /missing-gradient-clipping/, /clip/i);
  const clipped = await saved(editor, "train.py", /clip_grad_norm_/);
  assert.match(
    clipped,
    /\n {12}scaler\.scale\(loss\)\.backward\(\)\n {12}scaler\.unscale_\(optimizer\)\n {12}(torch\.)?nn\.utils\.clip_grad_norm_\(model\.parameters\(\), (max_norm=)?1\.0\)\n {12}scaler\.step\(optimizer\)\n/,
  );

  await applyQuickFix(page, /adam-l2-weight-decay/, /AdamW/);
  const decoupled = await saved(editor, "train.py", /AdamW/);
  assert.match(
    decoupled,
    /optimizer = torch\.optim\.AdamW\(model\.parameters\(\), lr=args\.lr, weight_decay=args\.weight_decay\)\n/,
  );

  await applyQuickFix(page, /loss-keeps-graph/, /item/);
  assert.match(await saved(editor, "train.py", /epoch_loss \+= loss\.item\(\)/), /epoch_loss \+= loss\.item\(\)\n/);

  const left = (await problems(page)).join("\n");
  for (const rule of ["missing-gradient-clipping", "adam-l2-weight-decay", "loss-keeps-graph"]) {
    await until(
      `${rule} to go`,
      async () => (await problems(page)).join("\n"),
      (texts) => !texts.includes(rule),
    );
  }
  assert.ok(left.length > 0, "the hints that no fix was chosen for stay");
});

test(`VS Code ${release}: train.ts is marked, and the lightbulb mends the file`, async (context) => {
  const editor = await openEditor();
  context.after(editor.close);
  const { page } = editor;
  await openFile(page, "train.ts");
  await goToLine(page, 57);
  await page.locator(".squiggly-warning").first().waitFor({ timeout: patience });
  const rules = ["learning-rate-high", "unstable-loss", "missing-gradient-clipping"];
  await until(
    "the problems of train.ts",
    async () => (await problems(page)).join("\n"),
    (texts) => rules.every((rule) => texts.includes(rule)),
  );
  await screenshots(editor, "train-ts");

  await applyQuickFix(page, /learning-rate-high/, /0\.005|5e-3|tenth/i);
  assert.match(await saved(editor, "train.ts", /0\.005|5e-3/), /const LEARNING_RATE = (0\.005|5e-3);\n/);
});

/** Saves the active file and gives its text on disk once it matches. */
async function saved(editor: Editor, name: string, wanted: RegExp): Promise<string> {
  await editor.page.locator(".editor-instance .view-line").first().waitFor({ timeout: patience });
  await editor.page.keyboard.press("Control+S");
  return until(
    `${name} saved with ${wanted}`,
    () => readFile(path.join(editor.workspace, name), "utf8"),
    (text) => wanted.test(text),
  );
}
