import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { commandLine } from "../../src/commandLine.ts";
import { panelHtml } from "../../src/panelHtml.ts";
import { ruleNameOf, ruleUri } from "../../src/ruleUri.ts";
import { describeRun, inTreeOrder, mostUrgent, runIcon, statusOf, worstVerdict } from "../../src/runLabels.ts";
import { findOnPath, nodeCommand, scriptLanguage } from "../../src/scriptCommand.ts";
import { withoutShellMarks } from "../../src/shellMarks.ts";
import { runView, seriesView, verdictView } from "../runView.ts";

const root = path.resolve(import.meta.dirname, "../..");

test("a POSIX shell takes every argument as it is", () => {
  const argument = fc.string({ minLength: 1, maxLength: 30, unit: "binary" }).filter((text) => !/[\0\r\n]/.test(text));
  const nasty = ["it's", '"; rm -rf $HOME; `id`', "$(id)", "a b", "\\", "-n", "*", "ü"];
  const check = (text: string) => {
    const line = commandLine(["printf", "%s", text], "/bin/bash");
    assert.ok(line);
    assert.equal(execFileSync("sh", ["-c", line], { encoding: "utf8" }), Buffer.from(text).toString());
  };
  for (const text of nasty) check(text);
  fc.assert(fc.property(argument, check), { numRuns: 30 });
});

test("PowerShell calls a quoted program, and a quote is doubled", () => {
  assert.equal(
    commandLine(["C:\\Program Files\\py.exe", "it's.py"], "pwsh"),
    "& 'C:\\Program Files\\py.exe' 'it''s.py'",
  );
  assert.equal(commandLine(["python", "train.py"], "powershell.exe"), "python train.py");
});

test("nothing is sent to a shell that is unknown or cannot quote an argument", () => {
  assert.equal(commandLine(["python3", "train.py"], "/opt/xonsh"), null);
  assert.equal(commandLine(["python", "100%PATH%.py"], "C:\\Windows\\System32\\cmd.exe"), null);
  assert.equal(commandLine(["python3", "a\nb.py"], "bash"), null);
});

test("the shell's marks are taken out of a program's output, and nothing else", () => {
  const output = "\x1b]633;C\x07step 1 loss 2.3\r\n\x1b[31mred\x1b[0m\x1b]633;D;0\x1b\\";
  assert.equal(withoutShellMarks(output), "step 1 loss 2.3\r\n\x1b[31mred\x1b[0m");
  assert.equal(withoutShellMarks("\x1b]0;title\x07x"), "\x1b]0;title\x07x");
});

test("TypeScript runs with the project's own tsx where there is one", async (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), "haywire-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const script = path.join(folder, "sub", "train.ts");
  assert.deepEqual((await nodeCommand(script)).argv, ["node", script]);
  const tsx = path.join(folder, "node_modules", "tsx", "dist", "cli.mjs");
  mkdirSync(path.dirname(tsx), { recursive: true });
  writeFileSync(tsx, "");
  assert.deepEqual((await nodeCommand(script)).argv, ["node", tsx, script]);
  assert.deepEqual((await nodeCommand(path.join(folder, "a.js"))).argv, ["node", path.join(folder, "a.js")]);
  assert.equal(scriptLanguage("/a/train.ipynb"), null);
  writeFileSync(path.join(folder, "python"), "");
  assert.equal(await findOnPath(["python3", "python"], `${folder}-none${path.delimiter}${folder}`, [""]), "python");
});

test("a rule's link leads to its document, a path of another kind does not", () => {
  assert.equal(ruleNameOf(ruleUri("eps-unset-under-mixed-precision").path), "eps-unset-under-mixed-precision");
  assert.equal(ruleNameOf("/x/docs/rules/clip-before-unscale.md"), "clip-before-unscale");
  assert.equal(ruleNameOf("/x/README.txt"), null);
});

test("the page lets nothing in but its own script and style", () => {
  const html = panelHtml({ script: "s.js", style: "s.css", cspSource: "vscode-webview:", nonce: "abc" });
  assert.match(
    html,
    /default-src 'none'; script-src 'nonce-abc'; style-src vscode-webview:; img-src 'none'; font-src 'none'/,
  );
  assert.equal(html.match(/<script/g)?.length, 1);
  assert.doesNotMatch(html, /https?:/);
});

test("a run is described by its step and loss, or by what it waits for", () => {
  assert.equal(describeRun(runView()), "step 152k · loss 2.78");
  assert.equal(describeRun(runView({ series: [seriesView("loss", "train-loss", "NaN")] })), "step 152k · loss NaN");
  assert.equal(describeRun(runView({ state: "waiting", lastStep: null, series: [] })), "waiting for numbers");
});

test("the worst verdict outranks the newest, and the state of the process", () => {
  const spike = verdictView({ id: "v1", severity: "error", detectedStep: 10 });
  const run = runView({ state: "finished", verdicts: [spike, verdictView({ id: "v2", detectedStep: 99 })] });
  assert.equal(worstVerdict(run), spike);
  assert.equal(runIcon(run).icon, "error");
  assert.equal(runIcon(runView({ state: "finished" })).icon, "pass");
});

test("live runs come first, then the newest", () => {
  const order = inTreeOrder([
    runView({ id: "old", state: "finished", updatedAt: 1 }),
    runView({ id: "new", state: "finished", updatedAt: 2 }),
    runView({ id: "live", updatedAt: 0 }),
  ]);
  assert.deepEqual(
    order.map(({ id }) => id),
    ["live", "new", "old"],
  );
});

test("the status bar is coloured only by a verdict, counts several runs, and hides when all is done", () => {
  assert.deepEqual(statusOf([runView()]), {
    text: "$(pulse) exp12 152k · 2.78",
    severity: null,
    runId: "a",
    tooltip: "exp12: step 152k · loss 2.78",
  });
  const sick = runView({ id: "b", name: "exp13", verdicts: [verdictView()] });
  const status = statusOf([runView(), sick]);
  assert.equal(status?.text, "$(warning) 2 runs, exp13 152k · 2.78");
  assert.equal(status?.severity, "warning");
  assert.equal(statusOf([runView({ state: "finished" })]), null);
  assert.equal(mostUrgent([runView(), sick])?.id, "b");
});

test("the manifest and the table of commands name the same commands, and each menu an existing one", () => {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const table = readFileSync(path.join(root, "src/commands.ts"), "utf8");
  const inTable = [...table.matchAll(/^ {2}"(haywire\.\w+)": \{/gm)].map(([, name]) => name).sort();
  const declared = manifest.contributes.commands.map(({ command }: { command: string }) => command).sort();
  assert.deepEqual(inTable, declared);
  const used = JSON.stringify([
    manifest.contributes.menus,
    manifest.contributes.keybindings,
    manifest.contributes.walkthroughs,
  ]);
  for (const [name] of used.matchAll(/haywire\.(?!runs\b)\w+/g)) assert.ok(declared.includes(name), name);
});
