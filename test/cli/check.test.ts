import assert from "node:assert/strict";
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderWith, git, keepsGraph, run } from "./command.ts";

/** A cell's source as notebooks store it: lines with their ends. */
const lines = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const fixed = keepsGraph.replace("total += loss", "total += loss.item()");

test("check finds a fault, names its place and exits with 1", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  const { status, stdout } = await run(["check", "train.py"], { cwd });
  assert.equal(status, 1);
  assert.match(stdout, /^train\.py:11:14: warning loss-keeps-graph /m);
  assert.doesNotMatch(stdout, /\u001b/);
});

test("check without a path reads the current folder, and colours on a terminal unless NO_COLOR is set", async () => {
  const cwd = folderWith({ "a/train.py": keepsGraph });
  assert.match((await run(["check"], { cwd, isTTY: true })).stdout, /\u001b\[/);
  const plain = await run(["check"], { cwd, isTTY: true, env: { NO_COLOR: "1" } });
  assert.match(plain.stdout, /^a\/train\.py:11:14:/m);
});

test("check exits with 0 on clean code, on hints alone, and with --exit-zero", async () => {
  const cwd = folderWith({ "clean.py": fixed, "train.py": keepsGraph });
  assert.equal((await run(["check", "clean.py"], { cwd })).status, 0);
  assert.equal((await run(["check", "--exit-zero", "train.py"], { cwd })).status, 0);
  const hinted = await run(["check", "--rule", "loss-keeps-graph=hint", "--format", "json", "train.py"], { cwd });
  assert.equal(JSON.parse(hinted.stdout)[0].severity, "hint");
  assert.equal(hinted.status, 0);
});

test("check --format json has ruff's shape", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  const { stdout } = await run(["check", "--format", "json", "train.py"], { cwd });
  const [finding] = JSON.parse(stdout);
  assert.equal(finding.filename, "train.py");
  assert.equal(finding.code, "loss-keeps-graph");
  assert.deepEqual(finding.location, { row: 11, column: 14 });
  assert.deepEqual(finding.end_location, { row: 11, column: 18 });
  assert.equal(finding.cell, null);
  assert.equal(finding.fix.applicability, "safe");
  assert.equal(finding.url, "docs/rules/loss-keeps-graph.md");
});

test("check names the place in another file that a value comes from", async () => {
  const script =
    "import torch\nfrom settings import LR\nmodel = torch.nn.Linear(2, 2)\noptimizer = torch.optim.Adam(model.parameters(), lr=LR)\n";
  const cwd = folderWith({ "train.py": script, "settings.py": "# rates\nLR = 0.1\n" });
  const [finding] = JSON.parse((await run(["check", "--format", "json", "train.py"], { cwd })).stdout);
  assert.deepEqual(finding.related, [
    { message: "lr comes from here (module constant)", filename: "settings.py", location: { row: 2, column: 6 } },
  ]);
  const sarif = JSON.parse((await run(["check", "--format", "sarif", "train.py"], { cwd })).stdout);
  const [place] = sarif.runs[0].results[0].relatedLocations;
  assert.equal(place.physicalLocation.artifactLocation.uri, "settings.py");
  assert.equal(place.physicalLocation.region.startLine, 2);
});

test("check --format sarif and github name the place", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  const sarif = JSON.parse((await run(["check", "--format", "sarif", "train.py"], { cwd })).stdout);
  assert.equal(sarif.version, "2.1.0");
  assert.equal(sarif.runs[0].results[0].locations[0].physicalLocation.region.startLine, 11);
  const github = (await run(["check", "--format", "github", "train.py"], { cwd })).stdout;
  assert.match(github, /^::warning file=train\.py,line=11,/m);
});

test("check --fix writes the safe fix, keeps mode and link, leaves nothing beside it, and is done after once", async () => {
  const cwd = folderWith({ "real/train.py": keepsGraph });
  const file = path.join(cwd, "real/train.py");
  chmodSync(file, 0o750);
  symlinkSync(file, path.join(cwd, "train.py"));
  const first = await run(["check", "--fix", "train.py"], { cwd });
  assert.equal(first.status, 0, first.stdout + first.stderr);
  assert.equal(readFileSync(file, "utf8"), fixed);
  assert.equal(statSync(file).mode & 0o777, 0o750);
  assert.ok(lstatSync(path.join(cwd, "train.py")).isSymbolicLink());
  assert.deepEqual(readdirSync(path.join(cwd, "real")), ["train.py"]);
  await run(["check", "--fix", "train.py"], { cwd });
  assert.equal(readFileSync(file, "utf8"), fixed);
});

test("check --fix keeps the byte order mark, the encoding and each line's own end", async () => {
  const mixed = keepsGraph.replaceAll("\n", "\r\n").replace("total = 0\r\n", "total = 0\n");
  const latin1 = `# -*- coding: latin-1 -*-\n# R\u00e9seau\n${keepsGraph}`;
  const cwd = folderWith({
    "mark.py": `\ufeff${mixed}`,
    "latin.py": Buffer.from(latin1, "latin1"),
    "wide.py": Buffer.from(`\ufeff${keepsGraph}`, "utf16le"),
  });
  await run(["check", "--fix", "."], { cwd });
  const expected = (text: string) => text.replace("total += loss", "total += loss.item()");
  assert.equal(readFileSync(path.join(cwd, "mark.py"), "utf8"), expected(`\ufeff${mixed}`));
  assert.deepEqual(readFileSync(path.join(cwd, "latin.py")), Buffer.from(expected(latin1), "latin1"));
  assert.deepEqual(readFileSync(path.join(cwd, "wide.py")), Buffer.from(expected(`\ufeff${keepsGraph}`), "utf16le"));
});

test("check --diff prints what would change and changes nothing", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  const { status, stdout } = await run(["check", "--diff", "train.py"], { cwd });
  assert.equal(status, 1);
  assert.match(stdout, /^--- train\.py\n\+\+\+ train\.py\n@@/);
  assert.match(stdout, /^- {4}total \+= loss\n\+ {4}total \+= loss\.item\(\)$/m);
  assert.equal(readFileSync(path.join(cwd, "train.py"), "utf8"), keepsGraph);
});

test("check reads standard input under a name, and with --fix gives the fixed text", async () => {
  const cwd = folderWith({});
  const found = await run(["check", "--stdin-filename", "x.py", "-"], { cwd, stdin: keepsGraph });
  assert.match(found.stdout, /^x\.py:11:14:/m);
  assert.equal(found.status, 1);
  const fix = await run(["check", "--fix", "--stdin-filename", "x.py", "-"], { cwd, stdin: keepsGraph });
  assert.equal(fix.stdout, fixed);
  const clean = await run(["check", "--fix", "--stdin-filename", "x.py", "-"], { cwd, stdin: fixed });
  assert.equal(clean.stdout, fixed);
  const nameless = await run(["check", "-"], { cwd, stdin: keepsGraph });
  assert.equal(nameless.status, 2);
  assert.match(nameless.stderr, /--stdin-filename/);
});

test("settings come from pyproject.toml, the command line wins, and --show-settings says where each is from", async () => {
  const cwd = folderWith({
    "train.py": keepsGraph,
    "pyproject.toml": '[tool.haywire.rules]\nloss-keeps-graph = "off"\n',
  });
  assert.equal((await run(["check", "train.py"], { cwd })).status, 0);
  assert.equal((await run(["check", "--rule", "loss-keeps-graph=error", "train.py"], { cwd })).status, 1);
  const shown = await run(["check", "--show-settings"], { cwd });
  assert.equal(shown.status, 0);
  assert.match(shown.stdout, /rules\.loss-keeps-graph = "off"\s+# .*pyproject\.toml:2/);
});

test("a wrong option, rule, severity, format or path is one message and 2", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  for (const [argv, message] of [
    [["check", "--nonsense"], /Unknown option --nonsense/],
    [["check", "--rule", "no-such=off"], /no-such/],
    [["check", "--rule", "loss-keeps-graph=loud"], /off, hint, info, warning, error/],
    [["check", "--format", "xml"], /text, json, sarif, github/],
    [["check", "--config", "none.toml"], /none\.toml/],
    [["check", "absent.py"], /absent\.py/],
    [["nonsense"], /nonsense/],
  ] as const) {
    const { status, stderr } = await run(argv, { cwd });
    assert.equal(status, 2, argv.join(" "));
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});

test("a bad file gets one message that names it, and the others are linted", async () => {
  const cwd = folderWith({
    "binary.py": new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]),
    "latin.py": Buffer.from("# caf\u00e9\nimport torch\n", "latin1"),
    "huge.py": Buffer.alloc(21 * 1024 * 1024, "import torch\n"),
    "train.py": keepsGraph,
  });
  const { status, stdout, stderr } = await run(["check"], { cwd });
  assert.equal(status, 2);
  assert.match(stdout, /^train\.py:11:14:/m);
  for (const name of ["binary.py", "latin.py", "huge.py"]) {
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.includes(name));
    assert.equal(lines.length, 1, stdout + stderr);
  }
});

test("a file that parses in part is linted where it can be, and says so once", async () => {
  const broken = `${keepsGraph}\ndef broken(:\n    = = =\n\nclass also broken(\n`;
  const cwd = folderWith({ "train.py": broken });
  const { status, stdout } = await run(["check", "train.py"], { cwd });
  assert.equal(status, 1);
  assert.match(stdout, /loss-keeps-graph/);
  assert.equal(stdout.match(/does not parse/g)?.length, 1, stdout);
  const json = await run(["check", "--format", "json", "train.py"], { cwd });
  assert.equal(JSON.parse(json.stdout)[0].code, "loss-keeps-graph");
  assert.equal(json.stderr.match(/does not parse/g)?.length, 1, json.stderr);
});

test("changes lists hyperparameters that differ from git", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  git(cwd, "init", "-q");
  assert.equal((await run(["changes", "train.py"], { cwd })).status, 2);
  git(cwd, "add", ".");
  git(cwd, "commit", "-qm", "first");
  assert.deepEqual(await run(["changes", "train.py"], { cwd }), { status: 0, stdout: "", stderr: "" });
  writeFileSync(path.join(cwd, "train.py"), keepsGraph.replace("lr=0.01", "lr=0.03"));
  const { status, stdout } = await run(["changes", "train.py"], { cwd });
  assert.equal(status, 0);
  assert.match(stdout, /^train\.py:4: .*0\.01 → 0\.03 {2}\(was: line 4\)$/m);
});

test("a notebook is linted as one program, named by cell, and fixed within its cells alone", async () => {
  const [before = "", after = ""] = keepsGraph.split("total = 0\n");
  const cells = [
    { cell_type: "markdown", metadata: {}, source: ["# Notes"] },
    { cell_type: "code", metadata: {}, source: lines(`%pip install torch\n${before}`), outputs: [] },
    { cell_type: "code", metadata: { tags: ["x"] }, source: lines(`total = 0\n${after}`), outputs: [{ text: "é" }] },
  ];
  const notebook = `${JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
  const cwd = folderWith({ "train.ipynb": notebook });
  const { stdout } = await run(["check", "--format", "json", "train.ipynb"], { cwd });
  const finding = JSON.parse(stdout).find((each: { code: string }) => each.code === "loss-keeps-graph");
  assert.equal(finding.cell, 3);
  assert.deepEqual(finding.location, { row: 7, column: 14 });
  assert.equal((await run(["check", "--fix", "train.ipynb"], { cwd })).status, 0);
  const fixedNotebook = readFileSync(path.join(cwd, "train.ipynb"), "utf8");
  assert.equal(fixedNotebook, notebook.replace("total += loss", "total += loss.item()"));
});

test("a notebook that is none gets one message", async () => {
  const cwd = folderWith({ "a.ipynb": "not json", "b.ipynb": "{}", "train.py": keepsGraph });
  const { stdout, stderr } = await run(["check"], { cwd });
  for (const name of ["a.ipynb", "b.ipynb"]) {
    assert.equal(`${stdout}${stderr}`.split("\n").filter((line) => line.includes(name)).length, 1, stdout + stderr);
  }
  assert.match(stdout, /^train\.py:11:14:/m);
});

test("a preset decides what fails the check; the severity set for a rule stands above it", async () => {
  const clipless = fixed.replace("SGD", "Adam").replace("lr=0.01", "lr=0.001");
  const cwd = folderWith({ "train.py": clipless });
  const info = await run(["check"], { cwd });
  assert.match(info.stdout, /info missing-gradient-clipping/);
  assert.equal(info.status, 0);
  const strict = await run(["check", "--preset", "strict"], { cwd });
  assert.match(strict.stdout, /warning missing-gradient-clipping/);
  assert.equal(strict.status, 1);
  writeFileSync(path.join(cwd, "haywire.toml"), 'preset = "all"\n[rules]\nmissing-gradient-clipping = "hint"\n');
  assert.match((await run(["check"], { cwd })).stdout, /hint missing-gradient-clipping/);
  const wrong = await run(["check", "--preset", "strickt"], { cwd });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--preset takes recommended, strict, all, not "strickt" \(did you mean strict\?\)/);
});

test("a mistaken setting is told with its file, its line and the nearest name", async () => {
  const cwd = folderWith({ "train.py": fixed, "haywire.toml": '\n[rules]\nlearning-rate-hi = "off"\n' });
  const { stderr } = await run(["check"], { cwd });
  assert.match(
    stderr,
    /^haywire: haywire\.toml:3: There is no rule named learning-rate-hi \(did you mean learning-rate-high\?\)\.$/m,
  );
});

test("--statistics counts findings by rule", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  const { status, stdout } = await run(["check", "--statistics"], { cwd });
  assert.equal(status, 1);
  assert.match(stdout, /^ +1 {2}loss-keeps-graph$/m);
});

test("hyperparameters that changed since HEAD are found in a repository", async () => {
  const text = (lr: number, momentum: number, decay: number) =>
    fixed.replace("lr=0.01", `lr=${lr}, momentum=${momentum}, weight_decay=${decay}`);
  const cwd = folderWith({ "train.py": text(0.01, 0.9, 0.001) });
  git(cwd, "init", "-q");
  git(cwd, "add", ".");
  git(cwd, "commit", "-qm", "first");
  writeFileSync(path.join(cwd, "train.py"), text(0.02, 0.8, 0.002));
  assert.equal((await run(["check"], { cwd })).status, 0);
  writeFileSync(path.join(cwd, "haywire.toml"), "[rules]\nmany-hyperparameters-changed = { threshold = 3 }\n");
  const { status, stdout } = await run(["check"], { cwd });
  assert.equal(status, 1);
  assert.match(stdout, /many-hyperparameters-changed 3 hyperparameters differ from HEAD/);
});

test("a fixed file that cannot be written is one message and 2, and stays as it was", async () => {
  const cwd = folderWith({ "a/train.py": keepsGraph, "b/train.py": keepsGraph });
  // A name that is taken, for root may write anywhere.
  writeFileSync(path.join(cwd, `a/.train.py.haywire-${process.pid}`), "");
  const { status, stderr } = await run(["check", "--fix"], { cwd });
  assert.equal(status, 2);
  assert.match(stderr, /^haywire: a\/train\.py: The fixed text cannot be written: [^\n]+\n$/);
  assert.equal(readFileSync(path.join(cwd, "a/train.py"), "utf8"), keepsGraph);
  assert.equal(readFileSync(path.join(cwd, "b/train.py"), "utf8"), fixed);
});
