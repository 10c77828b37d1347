/** Lint time over parse time, and edit → diagnostics, on a 2,000-line script, in process. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { Language, Parser } from "web-tree-sitter";
import { defaultSettings } from "../server/config/settings.ts";
import { createLinter } from "../server/lint/linter.ts";
import { createParsers } from "../server/lint/loadParsers.ts";
import { figure, median, quantile, remark, timed } from "./measure.ts";
import { trainingScript } from "./trainingScript.ts";

const text = trainingScript(2_000);
const detail = `${text.split("\n").length - 1} lines, ${Math.round(text.length / 1024)} KiB`;
const linter = createLinter(createParsers());
const settings = defaultSettings.lint;

const findings = (await linter.lintText({ path: "train.py", text })).diagnostics;
if (findings.length < 4) throw new Error(`the script should be full of faults, found ${findings.length}`);

// Parsing is text → tree, linting is tree → diagnostics; beside them, the whole against tree-sitter alone.
const parser = await createParsers().forPath("train.py");
if (!parser) throw new Error("no parser for Python");
const bareParser = await bareTreeSitter();
const bare = await timed(40, 10, () => bareParser.parse(text)?.delete());
const parse = await timed(40, 10, () => parser.open(text).dispose());
const whole = await timed(40, 10, () => linter.lintText({ path: "train.py", text }));
const lintTime = median(whole) - median(parse);
const times = `parse ${median(parse).toFixed(1)} ms, parse and lint ${median(whole).toFixed(1)} ms`;
figure("linting a tree / parsing the text into it", lintTime / median(parse), 1.5, "×", `${detail}; ${times}`);
const bareDetail = `tree-sitter alone, whose tree nothing has read yet, ${median(bare).toFixed(1)} ms`;
remark("text to diagnostics / tree-sitter's parse alone", median(whole) / median(bare), "×", bareDetail);

// Keystrokes in the training function: a comment grows by a character, is deleted, grows again.
const document = await linter.openDocument("train.py", text);
if (!document) throw new Error("no parser for Python");
document.lint(settings, null);
const at = text.lastIndexOf("    scaler.update()");
let typed = 0;
const edits = await timed(400, 50, () => {
  const newText = typed % 2 === 0 ? "#" : "";
  const edit = { start: at, end: at + (typed % 2 === 0 ? 0 : 1), newText };
  typed++;
  document.update(document.text.slice(0, edit.start) + newText + document.text.slice(edit.end), [edit]);
  return document.lint(settings, null);
});
document.dispose();
figure(
  "edit → diagnostics, p99, in process",
  quantile(edits, 0.99),
  20,
  "ms",
  `${detail}; median ${median(edits).toFixed(1)} ms`,
);

async function bareTreeSitter(): Promise<Parser> {
  const require = createRequire(import.meta.url);
  await Parser.init();
  const grammar = path.join(
    path.dirname(require.resolve("tree-sitter-python/package.json")),
    "tree-sitter-python.wasm",
  );
  const parser = new Parser();
  parser.setLanguage(await Language.load(new Uint8Array(await readFile(grammar))));
  return parser;
}
