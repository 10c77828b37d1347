/** *Watch Log…* and the panel, as a user works them. */
import type { Frame, Page } from "playwright-core";
import { frameWith, patience, runCommand, until } from "./embeddedEditor.ts";

/** Chooses a file in the dialog of *Haywire: Watch Log…* by its path. */
export async function watchLogFile(page: Page, file: string): Promise<void> {
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
  await page.locator(".quick-input-widget .monaco-button", { hasText: "Watch" }).first().click({ timeout: patience });
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
  return panel.evaluate((id) => {
    const element = document.querySelector(`[data-haywire-chart="${id}"]`);
    if (!element) return null;
    const number = (name: string) => Number(element.getAttribute(`data-haywire-${name}`) ?? Number.NaN);
    let inked = 0;
    for (const canvas of element.querySelectorAll("canvas")) {
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 0) inked++;
    }
    return {
      series: element.getAttribute("data-haywire-series") ?? "",
      points: number("points"),
      drawn: number("drawn"),
      lastStep: number("last-step"),
      lastValue: number("last-value"),
      inked,
    };
  }, chart);
}

/** The verdict kinds that the panel's strip lists, in the order in which they were reached. */
export async function verdictKinds(panel: Frame): Promise<readonly string[]> {
  const listed = await panel.locator(".verdicts").getAttribute("data-haywire-verdicts");
  return listed ? listed.split(",") : [];
}
