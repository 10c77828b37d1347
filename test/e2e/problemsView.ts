/** The Problems view and the lightbulb, as a user works them. */
import type { Page } from "playwright-core";
import { patience, runCommand, until } from "./embeddedEditor.ts";

/** The texts of the Problems view's entries for the active workspace, files left out; waits for at least one. */
export async function problems(page: Page): Promise<readonly string[]> {
  await showProblems(page);
  const rows = page.locator(
    ".markers-panel .monaco-list-row .marker-message-details-container, .markers-panel .monaco-list-row .marker-line",
  );
  return until(
    "entries in the Problems view",
    async () => (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim()),
    (texts) => texts.length > 0,
  );
}

/** Goes to the problem whose entry contains `problem`, opens the lightbulb's menu and chooses the entry that contains `action`. */
export async function applyQuickFix(page: Page, problem: RegExp, action: RegExp): Promise<void> {
  const menu = page.locator(".action-widget .monaco-list-row");
  const wanted = menu.filter({ hasText: action }).first();
  for (let attempt = 1; ; attempt++) {
    await showProblems(page);
    await page.locator(".markers-panel .monaco-list-row", { hasText: problem }).first().dblclick({ timeout: patience });
    await page.locator(".editor-instance .monaco-editor.focused").first().waitFor({ timeout: patience });
    await page.keyboard.press("Control+.");
    try {
      await wanted.waitFor({ timeout: 6000 });
      break;
    } catch (error) {
      const offered = await menu.allInnerTexts();
      await page.keyboard.press("Escape");
      if (attempt === 5)
        throw new Error(`No quick fix ${action} for ${problem}; offered: ${offered.join(" | ")}`, { cause: error });
    }
  }
  // By keyboard: the older VS Code lays an overlay over the menu that swallows a click without a move before it.
  const entries = await menu.count();
  for (let moved = 0; moved < entries; moved++) {
    if (await wanted.evaluate((row) => row.classList.contains("focused"))) break;
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await menu.first().waitFor({ state: "hidden", timeout: patience });
}

async function showProblems(page: Page): Promise<void> {
  if (await page.locator(".markers-panel").isVisible()) return;
  await runCommand(page, "Problems: Focus on Problems View");
  await page.locator(".markers-panel").waitFor({ timeout: patience });
}
