/** *Watch Log…* and the panel, as a user works them. */
import path from "node:path";
import type { Frame, Page } from "playwright-core";
import { frameWith, patience, runCommand, until } from "./embeddedEditor.ts";

/** Chooses a file in the dialog of *Haywire: Watch Log…* by its path; begins again when the dialog loses what was typed. */
export async function watchLogFile(page: Page, file: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await chooseLogFile(page, file);
    } catch (error) {
      if (attempt === 4) throw error;
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
    }
  }
}

async function chooseLogFile(page: Page, file: string): Promise<void> {
  await runCommand(page, "Haywire: Watch Log");
  await page
    .locator(".quick-input-list .monaco-list-row", { hasText: "A log file" })
    .first()
    .click({ timeout: patience });
  const input = page.locator(".quick-input-widget input[type=text]").first();
  await until(
    "the file dialog",
    () => input.inputValue(),
    (value) => value.startsWith("/"),
  );
  await input.fill(file);
  // The dialog reads the folder first; a click before that chooses nothing, and one during it may be lost.
  const listed = page.locator(".quick-input-list .monaco-list-row", { hasText: path.basename(file) });
  await listed.first().waitFor({ timeout: 15_000 });
  await page.waitForTimeout(500);
  await page.locator(".quick-input-widget .monaco-button", { hasText: "Watch" }).first().click({ timeout: 10_000 });
  await input.waitFor({ state: "hidden", timeout: 15_000 });
}

/** The panel's own frame. */
export function panelFrame(page: Page): Promise<Frame> {
  return frameWith(page, "#haywire header, #haywire main");
}

export interface ChartFacts {
  readonly series: string;
  readonly points: number;
  readonly drawn: number;
  readonly lastStep: number;
  readonly lastValue: number;
  /** Pixels of the chart's canvases that are not transparent. */
  readonly inked: number;
}

/** What a chart says of itself and what is on its canvas; null while there is no such chart. */
export function chartFacts(panel: Frame, chart: string): Promise<ChartFacts | null> {
  // No named function inside: what the loader adds to name it is unknown to the page.
  return panel.evaluate((id) => {
    const element = document.querySelector<HTMLElement>(`[data-haywire-chart="${id}"]`);
    if (!element) return null;
    const { dataset } = element;
    let inked = 0;
    for (const canvas of element.querySelectorAll("canvas")) {
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 0) inked++;
    }
    return {
      series: dataset.haywireSeries ?? "",
      points: Number(dataset.haywirePoints),
      drawn: Number(dataset.haywireDrawn),
      lastStep: Number(dataset.haywireLastStep),
      lastValue: Number(dataset.haywireLastValue),
      inked,
    };
  }, chart);
}

/** The verdict kinds that the panel's strip lists, in the order in which they were reached. */
export async function verdictKinds(panel: Frame): Promise<readonly string[]> {
  const listed = await panel.locator(".verdicts").getAttribute("data-haywire-verdicts");
  return listed ? listed.split(",") : [];
}
