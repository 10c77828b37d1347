import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import * as esbuild from "esbuild";
import type { Page } from "playwright-core";
import { openEditor, patience, release, root } from "./embeddedEditor.ts";
import { type HostReport, reportMark } from "./host/hostTest.ts";

test(`VS Code ${release}: inside the extension host`, async (context) => {
  const bundle = path.join(root, "out/hostTests/index.cjs");
  await esbuild.build({
    entryPoints: [path.join(root, "test/e2e/host/index.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    logLevel: "warning",
  });
  const reports: HostReport[] = [];
  const lines: string[] = [];
  let exit: (code: number) => void = () => {};
  const exited = new Promise<number>((resolve) => {
    exit = resolve;
  });
  const editor = await openEditor({
    installed: false,
    prepare: async (page, url) => {
      await page.exposeFunction("codeAutomationExit", (code: number) => exit(code));
      await page.exposeFunction("codeAutomationLog", (_type: string, args: readonly unknown[]) => {
        const line = args.join(" ");
        const at = line.indexOf(reportMark);
        if (at >= 0) reports.push(JSON.parse(line.slice(at + reportMark.length)));
        else lines.push(line);
      });
      await loadTests(page, url, bundle);
    },
  });
  context.after(editor.close);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), 3 * patience);
  });
  const code = await Promise.race([exited, late]);
  clearTimeout(timer);
  for (const { name, error } of reports) {
    await context.test(name, () => assert.ok(error === null, error ?? ""));
  }
  assert.notEqual(code, "late", `the host never ended; it said: ${lines.slice(-20).join("\n")}`);
  assert.ok(reports.length > 0, `the host reported no test; it said: ${lines.slice(-20).join("\n")}`);
  assert.equal(code, reports.some(({ error }) => error !== null) ? 1 : 0);
});

/** Writes the extension's folder and the tests into the page's own configuration, as VS Code's web tests do. */
async function loadTests(page: Page, url: string, bundle: string): Promise<void> {
  const authority = new URL(url).host;
  const remote = (file: string) => ({ $mid: 1, scheme: "vscode-remote", authority, path: file });
  const development = { extensions: [remote(root)], extensionTestsPath: remote(bundle) };
  const options = JSON.stringify(development).slice(1, -1).replaceAll('"', "&quot;");
  await page.route(
    ({ pathname }) => pathname === "/",
    async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(
        "&quot;developmentOptions&quot;:{",
        (start) => `${start}${options},`,
      );
      await route.fulfill({ response, body });
    },
  );
}
