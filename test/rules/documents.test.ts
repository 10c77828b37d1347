import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { defaultSettings } from "../../server/config/settings.ts";
import type { Diagnostic, LintResult } from "../../server/lint/diagnostic.ts";
import { earlierState } from "../../server/lint/earlierState.ts";
import { createLinter } from "../../server/lint/linter.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { locateIn } from "../../server/report/reportedFile.ts";
import { rules } from "../../server/rules/index.ts";
import type { Baseline, Rule } from "../../server/rules/rule.ts";
import { parseRuleDocument, type RuleExample } from "../../server/rules/ruleDocument.ts";
import { applyEdits } from "../../server/text/edits.ts";

const folder = new URL("../../server/rules/", import.meta.url);
const linter = createLinter(createParsers());

describe("rule documents", () => {
  it("exist for every rule, and for nothing else", async () => {
    const written = (await readdir(folder)).filter((name) => name.endsWith(".md")).sort();
    assert.deepEqual(written, rules.map(({ name }) => `${name}.md`).sort());
  });

  it("belong to rules in the order of their names", () => {
    const names = rules.map(({ name }) => name);
    assert.deepEqual(names, [...names].sort());
  });
});

for (const rule of rules) {
  describe(`document of ${rule.name}`, async () => {
    const document = parseRuleDocument(await readFile(new URL(`${rule.name}.md`, folder), "utf8"));
    const examplesOf = (kind: RuleExample["kind"]) => document.examples.filter((example) => example.kind === kind);

    it("has its name as title, a summary, the usual parts and a source", () => {
      assert.equal(document.title, rule.name);
      assert.ok(document.summary.length > 20);
      assert.deepEqual(document.headings, [
        "What it finds",
        "Why it matters",
        "How to fix it",
        "When it stays silent",
        "Examples",
      ]);
      assert.ok(rule.sources.length > 0 && rule.sources.every((source) => source.length > 10));
      assert.ok(!rule.title.endsWith("."));
    });

    it("has two invalid and three valid examples, and both kinds for each framework", async () => {
      assert.ok(examplesOf("invalid").length >= 2);
      assert.ok(examplesOf("valid").length >= 3);
      for (const kind of ["invalid", "valid"] as const) {
        const shown = new Set<string>();
        for (const example of examplesOf(kind)) {
          for (const name of (await lint(example, null)).facts.frameworks) shown.add(name);
        }
        assert.deepEqual(
          rule.frameworks.filter((name) => !shown.has(name)),
          [],
          `no ${kind} example`,
        );
      }
    });

    it("has a fixed example for each framework whose findings offer a fix, each right behind an invalid one", async () => {
      const offered = new Set<string>();
      const shown = new Set<string>();
      for (const [index, example] of document.examples.entries()) {
        if (example.kind === "fixed") assert.equal(document.examples[index - 1]?.kind, "invalid");
        if (example.kind !== "invalid") continue;
        const baseline = document.examples.findLast((each, place) => place < index && each.kind === "baseline");
        if (!(await findingsOf(rule, example, baseline)).some(({ fixes }) => fixes.length > 0)) continue;
        const [framework] = (await lint(example, null)).facts.frameworks;
        offered.add(framework ?? "");
        if (document.examples[index + 1]?.kind === "fixed") shown.add(framework ?? "");
      }
      assert.deepEqual([...shown].sort(), [...offered].sort());
    });

    for (const [index, example] of document.examples.entries()) {
      const baseline = document.examples.findLast((each, place) => place < index && each.kind === "baseline");
      const title = `line ${example.line}`;
      if (example.kind === "invalid") {
        it(`${title}: is marked where the marks are`, async () => {
          const found = await findingsOf(rule, example, baseline);
          const shown = found.map((each) => example.code.slice(each.start, each.end));
          const wanted = example.marks.map((mark) => example.code.slice(mark.start, mark.end));
          assert.ok(wanted.length > 0);
          assert.deepEqual(shown, wanted);
          assert.deepEqual(
            found.map(({ start, end }) => ({ start, end })),
            example.marks,
          );
        });
        it(`${title}: each fix alone keeps the text whole and silences what it fixes`, async () => {
          const found = await findingsOf(rule, example, baseline);
          for (const { fixes } of found) {
            for (const { edits } of fixes) {
              const { text, skipped } = applyEdits(example.code, edits);
              assert.deepEqual(skipped, []);
              const left = await findingsOf(rule, { ...example, code: text }, baseline);
              assert.equal(left.length, found.length - 1, text);
            }
          }
        });
        const next = document.examples[index + 1];
        if (next?.kind === "fixed") {
          it(`${title}: becomes the fixed example by its first fix, and is silent then`, async () => {
            const [first] = await findingsOf(rule, example, baseline);
            const fixed = applyEdits(example.code, first?.fixes[0]?.edits ?? []).text;
            assert.equal(fixed, next.code);
            const withCarriageReturns = { ...example, code: example.code.replaceAll("\n", "\r\n") };
            const [same] = await findingsOf(rule, withCarriageReturns, baseline);
            const fixedToo = applyEdits(withCarriageReturns.code, same?.fixes[0]?.edits ?? []).text;
            assert.equal(fixedToo, next.code.replaceAll("\n", "\r\n"));
            assert.deepEqual(messages(await findingsOf(rule, next, baseline)), []);
          });
        }
      }
      if (example.kind === "valid" || example.kind === "baseline") {
        it(`${title}: stays silent`, async () => {
          assert.deepEqual(messages(await findingsOf(rule, example, baseline ?? null)), []);
        });
      }
    }
  });
}

async function lint(example: RuleExample, baseline: Baseline | null, rule?: Rule): Promise<LintResult> {
  const settings = defaultSettings.lint;
  // A rule that waits for a verdict on a run is tried as if one named it.
  const suspected = new Set(rule?.liveOnly === true ? [rule.name] : []);
  return linter.lintText({ path: `train.${example.language}`, text: example.code, settings, baseline, suspected });
}

async function findingsOf(
  rule: Rule,
  example: RuleExample,
  before: RuleExample | null | undefined,
): Promise<readonly Diagnostic[]> {
  const earlier = before ? (await lint(before, null)).facts.hyperparameters : null;
  const baseline = earlier === null ? null : earlierState(earlier, locateIn(before?.code ?? ""));
  const result = await lint(example, baseline === null ? null : { name: "HEAD", hyperparameters: baseline }, rule);
  assert.deepEqual(result.problems, []);
  assert.ok(result.facts.frameworks.length > 0, "the example names no framework");
  return result.diagnostics.filter((diagnostic) => diagnostic.rule === rule.name);
}

function messages(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ message }) => message);
}
