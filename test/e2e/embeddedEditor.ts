/** A real VS Code on a copy of examples/ with Haywire installed from its .vsix, driven through a real browser. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium, type Frame, type Page } from "playwright-core";
import {
  freePort,
  installEmbeddedVSCode,
  installExtensions,
  quietSettings,
  startServer,
} from "../../scripts/embeddedVSCode.mjs";
import { findBrowser } from "../../scripts/findBrowser.mjs";

export const root = path.resolve(import.meta.dirname, "../..");

/** The VS Code under test: "1.100" or "1.139". */
export const release = process.env.HAYWIRE_VSCODE ?? "1.139";

/** Milliseconds that a wait may take on a slow machine. */
export const patience = 120_000;

export type Theme = "light" | "dark";

export interface Editor {
  readonly page: Page;
  /** A copy of examples/ that the test may change. */
  readonly workspace: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Switches between VS Code's own light and dark theme and waits until it is drawn. */
  setTheme(theme: Theme): Promise<void>;
  close(): Promise<void>;
}

export interface EditorOptions {
  /** Installs the packed extension; true by default. */
  readonly installed?: boolean;
  /** Further .vsix files. */
  readonly extensions?: readonly string[];
  /** Called with the page before it goes anywhere. */
  readonly prepare?: (page: Page, url: string, workspace: string) => Promise<void>;
}

/** Opens the editor on a fresh server with fresh folders, and waits until its explorer lists the files. */
export async function openEditor(options: EditorOptions = {}): Promise<Editor> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "haywire-e2e-"));
  const workspace = path.join(folder, "examples");
  await cp(path.join(root, "examples"), workspace, {
    recursive: true,
    filter: (source) => !source.startsWith(path.join(root, "examples/runs")),
  });
  const embedded = await installEmbeddedVSCode(release);
  const data = path.join(folder, "data");
  if (options.installed ?? true) {
    await installExtensions(embedded, data, [path.join(root, "out/haywire.vsix"), ...(options.extensions ?? [])]);
  }
  const settingsFile = path.join(data, "user/User/settings.json");
  await mkdir(path.dirname(settingsFile), { recursive: true });
  await writeFile(settingsFile, JSON.stringify({ ...quietSettings, "workbench.colorTheme": "Default Dark Modern" }));

  const server = await startServer(embedded, {
    data,
    port: await freePort(),
    logFile: path.join(folder, "server.log"),
  });
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    browser = await launchBrowser();
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const page = await context.newPage();
    await options.prepare?.(page, server.url, workspace);
    await page.goto(`${server.url}/?folder=${encodeURIComponent(workspace)}`);
    await page.locator(".explorer-folders-view .monaco-list-row").first().waitFor({ timeout: patience });
    const setTheme = async (theme: Theme) => {
      const wanted = page.locator(theme === "light" ? ".monaco-workbench.vs" : ".monaco-workbench.vs-dark");
      if ((await wanted.count()) === 0) await runCommand(page, "Preferences: Toggle between Light/Dark Themes");
      await wanted.waitFor({ timeout: patience });
      await page.waitForTimeout(500);
    };
    return { page, workspace, url: server.url, setTheme, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("No Chromium, Chrome or Edge is installed");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update"],
      // A page that the test rewrites counts as foreign to the loopback interface.
      "--disable-features=LocalNetworkAccessChecks",
    ],
  });
}

/** Picks an entry of the command palette or of quick open; tries again, since a list opened early never fills. */
export async function pick(page: Page, key: string, text: string, entry: string): Promise<void> {
  const tries = 15;
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press(key);
    const input = page.locator(".quick-input-widget input").first();
    try {
      await input.waitFor({ state: "visible", timeout: 3000 });
      await input.fill(text);
      await page.locator(".quick-input-list .monaco-list-row", { hasText: entry }).first().waitFor({ timeout: 3000 });
      return await page.keyboard.press("Enter");
    } catch (error) {
      if (attempt === tries) throw error;
      await page.keyboard.press("Escape");
      await page.waitForTimeout(300);
    }
  }
}

/** Runs a command by its title, as from the palette. */
export function runCommand(page: Page, title: string): Promise<void> {
  return pick(page, "F1", `>${title}`, title);
}

/** Opens a file of the workspace and waits until its text is drawn. */
export async function openFile(page: Page, name: string): Promise<void> {
  await pick(page, "Control+P", name, name);
  await page.locator(".tab.active", { hasText: name }).waitFor({ timeout: patience });
  await page.locator(".editor-instance .view-line").first().waitFor({ timeout: patience });
}

/** Puts the cursor at a 1-based line and column of the active editor. */
export async function goToLine(page: Page, line: number, column = 1): Promise<void> {
  await page.keyboard.press("Control+G");
  const input = page.locator(".quick-input-widget input").first();
  await input.waitFor({ state: "visible", timeout: patience });
  await input.fill(`:${line}:${column}`);
  await page.keyboard.press("Enter");
  await input.waitFor({ state: "hidden", timeout: patience });
}

/** The innermost frame whose document holds an element that matches; waits for it. */
export async function frameWith(page: Page, selector: string): Promise<Frame> {
  const deadline = Date.now() + patience;
  while (Date.now() < deadline) {
    for (const frame of page.frames()) {
      const found = await frame
        .locator(selector)
        .count()
        .catch(() => 0);
      if (found > 0) return frame;
    }
    await page.waitForTimeout(200);
  }
  throw new Error(`No frame holds ${selector} after ${patience / 1000} s`);
}

/** Asks until the answer is wanted; returns it, or fails with the last answer. Times in ms. */
export async function until<T>(what: string, ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(`Waited ${patience / 1000} s for ${what}; last seen: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Writes test/e2e/screenshots/RELEASE/NAME-light.png and NAME-dark.png, and leaves the dark theme. */
export async function screenshots(editor: Editor, name: string): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    await editor.setTheme(theme);
    const file = path.join(root, "test/e2e/screenshots", release, `${name}-${theme}.png`);
    await editor.page.screenshot({ path: file });
  }
}
