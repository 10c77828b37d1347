import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { replayRun } from "../../scripts/replayRun.mjs";
import { openEditor, openFile, patience, release, runCommand, screenshots, until } from "./embeddedEditor.ts";
import { chartFacts, panelFrame, verdictKinds, watchLogFile } from "./watchLog.ts";

test(`VS Code ${release}: the panel draws a growing log, and a verdict leads to the line of the schedule's peak`, async (context) => {
  const editor = await openEditor();
  context.after(editor.close);
  const { page, workspace } = editor;
  await openFile(page, "transformer.py");
  const log = path.join(workspace, "runs/live/train.log");
  await mkdir(path.dirname(log), { recursive: true });
  await writeFile(log, "");
  await watchLogFile(page, log);
  const panel = await panelFrame(page);

  const ending = new AbortController();
  context.after(() => ending.abort());
  const replayed = replayRun(path.join(workspace, "recorded/transformer.log"), log, {
    seconds: 40,
    signal: ending.signal,
  });

  const loss = () => chartFacts(panel, "loss");
  const early = await until("points of the loss", loss, (facts) => (facts?.drawn ?? 0) >= 10);
  assert.ok((early?.inked ?? 0) > 100, "the loss is drawn");
  const later = await until("more points", loss, (facts) => (facts?.lastStep ?? 0) > (early?.lastStep ?? 0) + 200);
  assert.ok((later?.points ?? 0) > (early?.points ?? 0));
  await until(
    "the gradient norm's chart",
    () => chartFacts(panel, "gradient norm"),
    (facts) => (facts?.drawn ?? 0) > 10,
  );
  assert.deepEqual(await verdictKinds(panel), [], "a healthy run has no verdict");
  await screenshots(editor, "panel-healthy");

  // The notification is left out while the panel has the focus.
  await page
    .locator(".editor-instance .view-line")
    .first()
    .click({ position: { x: 4, y: 4 } });
  await until(
    "a verdict",
    () => verdictKinds(panel),
    (kinds) => kinds.includes("loss-growth"),
  );
  await page.locator(".notification-list-item", { hasText: "train" }).first().waitFor({ timeout: patience });
  await page.locator(".statusbar-item.warning-kind, .statusbar-item.error-kind").first().waitFor({ timeout: patience });
  await replayed;
  await until("the last step", loss, (facts) => facts?.lastStep === 2600);
  await screenshots(editor, "panel-verdict");

  await runCommand(page, "Notifications: Clear All Notifications");
  await panel.locator(".verdicts .code").first().click();
  const text = await readFile(path.join(workspace, "transformer.py"), "utf8");
  // The rate was still rising: the line that holds the schedule's peak is the one to change.
  const line = text.split("\n").findIndex((code) => code.startsWith("peak_lr")) + 1;
  await page
    .locator(".statusbar-item", { hasText: new RegExp(`Ln ${line}, `) })
    .first()
    .waitFor({ timeout: patience });
});

test(`VS Code ${release}: a script's JSON lines are drawn as it trains, and its bursts are told`, async (context) => {
  const editor = await openEditor();
  context.after(editor.close);
  const { page, workspace } = editor;
  await openFile(page, "tiny.py");
  const log = path.join(workspace, "runs/tiny/metrics.jsonl");
  await mkdir(path.dirname(log), { recursive: true });
  const training = spawn("python3", ["tiny.py", "--fast", "--log", log], { cwd: workspace, stdio: "ignore" });
  context.after(() => void training.kill());
  await until(
    "the log",
    () => readFile(log, "utf8").catch(() => ""),
    (text) => text.length > 0,
  );
  await watchLogFile(page, log);
  const panel = await panelFrame(page);
  await until(
    "the last step",
    () => chartFacts(panel, "loss"),
    (facts) => facts?.lastStep === 12_000,
  );
  const kinds = await until(
    "a verdict",
    () => verdictKinds(panel),
    (reached) => reached.length > 0,
  );
  assert.ok(kinds.includes("loss-spike") || kinds.includes("loss-growth"), kinds.join(", "));
  await screenshots(editor, "panel-tiny");
});
