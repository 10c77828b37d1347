import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sourceProgram } from "../../server/cli/sourceProgram.ts";
import { defaultSettings } from "../../server/config/settings.ts";
import { fixesOf } from "../../server/frameworks/index.ts";
import type { Diagnostic, LintResult } from "../../server/lint/diagnostic.ts";
import { createLinter } from "../../server/lint/linter.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { createWorkspaceSources } from "../../server/lint/workspaceSources.ts";
import { proposedChanges } from "../../server/refactorings/proposedChanges.ts";
import { unifiedDiff } from "../../server/report/unifiedDiff.ts";
import { rules } from "../../server/rules/index.ts";
import { applyEdits } from "../../server/text/edits.ts";
import type { TextEdit } from "../../server/text/range.ts";
import { readScripts } from "./labels.ts";
import { layOut } from "./layOut.ts";

/*
 * Every fix that is offered on real scripts, applied alone and linted again, by rule:
 * `node --import tsx test/real/fixes.ts FOLDER_OF_CLONES [--diffs FOLDER]`. Changes that no rule asks for are counted too, under
 * "refactoring". What parses is CPython's to say; for other languages our own parser's.
 */

interface Applied {
  readonly rule: string;
  readonly title: string;
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** The finding that it was offered for is gone; of a refactoring, it is not proposed again. */
  readonly isSilent: boolean;
  /** Rules that find more than before. */
  readonly raised: readonly string[];
  readonly changedLines: number;
}

const [clones, flag, folder] = process.argv.slice(2);
if (clones === undefined || (flag !== undefined && (flag !== "--diffs" || folder === undefined))) {
  console.error("Usage: node --import tsx test/real/fixes.ts FOLDER_OF_CLONES [--diffs FOLDER]");
  process.exit(2);
}
const mostChangedLines = 10;
const linter = createLinter(createParsers(), createWorkspaceSources({ watchesDisk: false }));
const suspected = new Set(rules.filter(({ liveOnly }) => liveOnly === true).map(({ name }) => name));
const lint = (file: string, text: string) =>
  linter.lintText({ path: file, text, settings: defaultSettings.lint, suspected });

const all: Applied[] = [];
/** Findings by rule, with a fix or without. */
const findings = new Map<string, number>();
const scripts = layOut(clones, readScripts());
for (const { file } of scripts) {
  const { text } = sourceProgram(file, readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  all.push(...(await appliedAlone(file, text)));
}
const parses = whatParses(all);
const rows = new Map<string, Applied[]>();
for (const each of all) rows.set(each.rule, [...(rows.get(each.rule) ?? []), each]);
console.log(`${scripts.length} scripts, ${new Set(all.map(({ file }) => file)).size} of them with a fix on offer`);
console.log(
  row(["rule", "findings", "offered", "parse", "silent after", "raise another", `<= ${mostChangedLines} lines`]),
);
for (const rule of [...new Set([...findings.keys(), ...rows.keys()])].sort()) print(rule, rows.get(rule) ?? []);
print(
  "fixes",
  all.filter(({ rule }) => rule !== "refactoring"),
);
print("all", all);
if (folder !== undefined) writeDiffs(folder);

async function appliedAlone(file: string, text: string): Promise<readonly Applied[]> {
  const before = await lint(file, text);
  const found: Applied[] = [];
  const add = async (rule: string, title: string, edits: readonly TextEdit[]) => {
    const { text: after, skipped } = applyEdits(text, edits);
    if (skipped.length > 0) throw new Error(`${file}: "${title}" overlaps itself`);
    const result = await lint(file, after);
    const isSilent =
      rule === "refactoring"
        ? countProposals(after, result, title) < countProposals(text, before, title)
        : countOf(result, rule) < countOf(before, rule);
    const raised = [...new Set(result.diagnostics.map((each) => each.rule))].filter(
      (name) => name !== rule && countOf(result, name) > countOf(before, name),
    );
    found.push({ rule, title, file, before: text, after, isSilent, raised, changedLines: changedLines(text, after) });
  };
  for (const { rule, fixes } of before.diagnostics) {
    findings.set(rule, (findings.get(rule) ?? 0) + 1);
    for (const { title, edits } of fixes) await add(rule, title, edits);
  }
  for (const { title, edits } of proposals(text, before)) await add("refactoring", title, edits);
  return found;
}

function proposals(text: string, { facts, diagnostics }: LintResult) {
  const taken = diagnostics.flatMap(({ fixes }: Diagnostic) => fixes.map(({ edits }) => edits));
  return proposedChanges({ text, facts, fixesOf }, { start: 0, end: text.length }, taken);
}

function countProposals(text: string, result: LintResult, title: string): number {
  return proposals(text, result).filter((each) => each.title === title).length;
}

function countOf({ diagnostics }: LintResult, rule: string): number {
  return diagnostics.filter((each) => each.rule === rule).length;
}

/** Lines taken out or put in; one that is changed counts once. */
function changedLines(before: string, after: string): number {
  const lines = unifiedDiff("", before, after).split("\n").slice(2);
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return Math.max(count("-"), count("+"));
}

/** Texts that CPython parses; where it does not parse the text before either (Python 2, a notebook's magics), our parser's word. */
function whatParses(fixes: readonly Applied[]): ReadonlySet<Applied> {
  const program = `import ast, json, sys
def parses(text):
    try:
        ast.parse(text)
        return True
    except (SyntaxError, ValueError):
        return False
print(json.dumps([parses(text) for text in json.load(sys.stdin)]))`;
  const python = fixes.filter(({ file }) => /\.(py|ipynb)$/.test(file));
  const texts = [...new Set(python.flatMap(({ before, after }) => [before, after]))];
  const { stdout, status, stderr } = spawnSync("python3", ["-W", "ignore", "-c", program], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`Python could not say what parses: ${stderr}`);
  const answers: readonly boolean[] = JSON.parse(stdout);
  const isParsed = new Map(texts.map((text, index) => [text, answers[index] === true]));
  return new Set(fixes.filter(({ before, after }) => isParsed.get(after) !== false || isParsed.get(before) === false));
}

function print(name: string, group: readonly Applied[]): void {
  const count = (accepts: (each: Applied) => boolean) => group.filter(accepts).length;
  const few = count(({ changedLines: lines }) => lines <= mostChangedLines);
  const silent = count(({ isSilent }) => isSilent);
  const raising = count(({ raised }) => raised.length > 0);
  console.log(
    row([name, findings.get(name) ?? "", group.length, count((each) => parses.has(each)), silent, raising, few]),
  );
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(34) : String(cell).padStart(14))).join("");
}

/** One file a fix, with what is wrong with it in the first line. */
function writeDiffs(target: string): void {
  mkdirSync(target, { recursive: true });
  for (const [index, each] of all.entries()) {
    const { rule, title, file, before, after, isSilent, raised, changedLines: lines } = each;
    const faults = [
      ...(parses.has(each) ? [] : ["does not parse"]),
      ...(isSilent ? [] : ["not silent"]),
      ...raised.map((name) => `raises ${name}`),
      ...(lines <= mostChangedLines ? [] : [`${lines} lines`]),
    ];
    const name = `${String(index).padStart(4, "0")}-${rule}.diff`;
    const head = `# ${title}${faults.length > 0 ? ` [${faults.join(", ")}]` : ""}\n`;
    writeFileSync(path.join(target, name), head + unifiedDiff(file, before, after));
  }
}
