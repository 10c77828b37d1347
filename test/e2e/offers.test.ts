import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { openEditor, openFile, patience, release, runCommand, screenshots, until } from "./embeddedEditor.ts";
import { chartFacts, panelFrame } from "./watchLog.ts";

/** Prints nothing: only its code says where its numbers are. */
const silentScript = `
import json, os, time
import torch
out = "experiments"
os.makedirs(os.path.join(out, "a"), exist_ok=True)
log = open(os.path.join(out, "a", "metrics.jsonl"), "w")
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(400):
    log.write(json.dumps({"step": step, "loss": 2 / (1 + step / 50)}) + "\\n")
    log.flush()
    time.sleep(0.02)
`;

/** Enough of torch for it to run. */
const torch = `
class nn:
    class Linear:
        def __init__(self, inputs, outputs): pass
        def parameters(self): return []
class optim:
    class SGD:
        def __init__(self, parameters, lr): pass
`;

test(`VS Code ${release}: training started by hand in a terminal is offered, and followed when it is wanted`, async (context) => {
  const editor = await openEditor();
  context.after(editor.close);
  const { page } = editor;
  await openFile(page, "tiny.py");
  await typeInTerminal(page, "python3 tiny.py --fast");
  const offer = await offerOf(page, "tiny.py is training");
  await screenshots(editor, "offer-terminal");
  assert.equal(await page.locator("iframe.webview.ready").count(), 0, "nothing is followed before the answer");
  await offer.locator(".monaco-button", { hasText: "Follow" }).click();
  const panel = await panelFrame(page);
  const last = await until(
    "the last step",
    () => chartFacts(panel, "loss"),
    (facts) => facts?.lastStep === 12_000,
  );
  assert.ok((last?.points ?? 0) > 100, "what was printed before the answer is there too");
  await screenshots(editor, "offer-terminal-followed");
});

test(`VS Code ${release}: the log that a script writes is found from its code`, async (context) => {
  const editor = await openEditor();
  context.after(editor.close);
  const { page, workspace } = editor;
  await writeFile(path.join(workspace, "silent.py"), silentScript);
  await writeFile(path.join(workspace, "torch.py"), torch);
  await openFile(page, "silent.py");
  await typeInTerminal(page, "python3 silent.py");
  const offer = await offerOf(page, "silent.py is training");
  await offer.locator(".monaco-button", { hasText: "Follow" }).click();
  await runCommand(page, "View: Show Training Runs");
  await page.locator(".monaco-list-row", { hasText: "metrics.jsonl" }).first().click({ timeout: patience });
  const panel = await panelFrame(page);
  await until(
    "the last step",
    () => chartFacts(panel, "loss"),
    (facts) => facts?.lastStep === 399,
  );
  await screenshots(editor, "found-from-script");
});

/** Opens a terminal, waits for its prompt to be one that is integrated, and types. */
async function typeInTerminal(page: Page, line: string): Promise<void> {
  await runCommand(page, "Terminal: Create New Terminal");
  await page.locator(".terminal-wrapper .xterm").first().waitFor({ timeout: patience });
  // Shell integration was seen up to 3 s after the terminal.
  await page.waitForTimeout(10_000);
  await page.locator(".terminal-wrapper .xterm").first().click();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

async function offerOf(page: Page, text: string) {
  const offer = page.locator(".notifications-toasts .notification-list-item", { hasText: text }).first();
  await offer.waitFor({ timeout: patience });
  return offer;
}
