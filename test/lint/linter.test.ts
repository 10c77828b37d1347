import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { defaultSettings, type LintSettings } from "../../server/config/settings.ts";
import { emptyFacts } from "../../server/facts/emptyFacts.ts";
import { applyFixes } from "../../server/lint/applyFixes.ts";
import { createLinter } from "../../server/lint/linter.ts";
import { lintSource } from "../../server/lint/lintSource.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import type { Rule } from "../../server/rules/rule.ts";

const parsers = createParsers();
const linter = createLinter(parsers);

const train = `import torch

optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=0.01)

total = 0
for inputs, labels in loader:
    loss = criterion(model(inputs), labels)
    loss.backward()
    optimizer.step()
    total += loss
`;

function withRules(rules: LintSettings["rules"]): LintSettings {
  return { ...defaultSettings.lint, rules };
}

async function namesIn(text: string, settings = defaultSettings.lint): Promise<readonly string[]> {
  const { diagnostics } = await linter.lintText({ path: "train.py", text, settings });
  return diagnostics.map(({ rule, severity }) => `${rule} ${severity}`);
}

describe("linter", () => {
  it("gives the findings of all rules in order of position", async () => {
    assert.deepEqual(await namesIn(train), [
      "learning-rate-high warning",
      "adam-l2-weight-decay warning",
      "zero-grad-missing warning",
      "missing-gradient-clipping info",
      "loss-keeps-graph warning",
    ]);
  });

  it("takes severities from the settings, over a finding's own too, and leaves out what is off", async () => {
    const settings = withRules({ "learning-rate-high": "off", "missing-gradient-clipping": "error" });
    const names = await namesIn(train, settings);
    assert.ok(names.includes("missing-gradient-clipping error"));
    assert.ok(!names.some((name) => name.startsWith("learning-rate-high")));
  });

  it("leaves unit tests alone, and only those", async () => {
    const rulesIn = async (path: string, text: string) => (await linter.lintText({ path, text })).diagnostics.length;
    const test = `import pytest\n${train}`;
    for (const path of ["test_train.py", "src/train_test.py", "/home/me/tests/steps.py"]) {
      assert.equal(await rulesIn(path, test), 0, path);
      assert.ok((await rulesIn(path, train)) > 0, `${path} without a test library`);
    }
    assert.ok((await rulesIn("train.py", test)) > 0);
  });

  it("counts what comments silence", async () => {
    const text = train.replace(
      "weight_decay=0.01)",
      "weight_decay=0.01)  # haywire: ignore[adam-l2-weight-decay] on purpose",
    );
    const result = await linter.lintText({ path: "train.py", text });
    assert.equal(result.suppressed, 1);
    assert.ok(!result.diagnostics.some(({ rule }) => rule === "adam-l2-weight-decay"));
  });

  it("does not parse a text that names no framework", async () => {
    const noParsers = { forPath: async () => assert.fail("asked for a parser"), loaded: () => null };
    const result = await createLinter(noParsers).lintText({ path: "a.py", text: "print('hello')\n" });
    assert.deepEqual(result, { diagnostics: [], problems: [], suppressed: 0, facts: emptyFacts("a.py") });
  });

  it("finds nothing in a file of another language", async () => {
    const result = await linter.lintText({ path: "notes.txt", text: "import torch" });
    assert.deepEqual(result.diagnostics, []);
    assert.equal(await linter.openDocument("notes.txt", "torch"), null);
  });

  it("lints around a place that does not parse, and says so once", async () => {
    const result = await linter.lintText({ path: "train.py", text: `${train}def broken(:\n    pass\n\nx = = 2\n` });
    assert.ok(result.diagnostics.length >= 4);
    assert.equal(result.problems.length, 1);
    assert.match(result.problems[0]?.message ?? "", /^Line 1[12] does not parse; the rest is linted$/);
  });

  it("lints TypeScript", async () => {
    const text = 'import * as tf from "@tensorflow/tfjs";\nconst optimizer = tf.train.adam(0.5);\n';
    const { diagnostics } = await linter.lintText({ path: "train.ts", text });
    assert.deepEqual(
      diagnostics.map(({ rule }) => rule),
      ["learning-rate-high"],
    );
  });
});

describe("a document", () => {
  it("gives after each change what a fresh lint gives", async () => {
    const document = await linter.openDocument("train.py", "x = 1\n");
    assert.ok(document);
    const lint = () => document.lint(defaultSettings.lint, null).diagnostics;
    assert.deepEqual(lint(), []);
    for (const text of [train, train.replace("0.05", "1e-3"), "", train]) {
      document.update(text);
      assert.equal(document.text, text);
      assert.deepEqual(lint(), (await linter.lintText({ path: "train.py", text })).diagnostics);
    }
    document.dispose();
  });

  it("reads facts again when the pinned versions change, and not otherwise", async () => {
    const document = await linter.openDocument("train.py", train);
    assert.ok(document);
    const versions = new Map([["torch", "2.1.0"]]);
    const facts = document.facts(versions);
    assert.equal(document.facts(versions), facts);
    assert.notEqual(document.facts(new Map()), facts);
    document.dispose();
  });
});

describe("rules that fail", () => {
  const rule = (name: string, check: Rule["check"]): Rule => ({
    name,
    severity: "warning",
    title: "",
    frameworks: ["pytorch"],
    sources: [],
    check,
  });

  it("become one problem that names rule and file, and the others go on", async () => {
    const text = "import torch\n";
    const parser = await parsers.forPath("a.py");
    assert.ok(parser);
    const { module } = parser.open(text);
    const result = lintSource({
      text,
      module,
      facts: emptyFacts("a.py"),
      rules: [
        rule("bad-rule", () => {
          throw new TypeError("no such thing");
        }),
        rule("good-rule", (_, report) => report({ start: 0, end: 1, message: "m", fixes: [], related: [] })),
      ],
      fixesOf: () => assert.fail("no fix is asked for"),
      settings: defaultSettings.lint,
      baseline: null,
      suspected: new Set<string>(),
    });
    assert.deepEqual(result.problems, [
      { path: "a.py", message: "The rule bad-rule failed on this file: no such thing" },
    ]);
    assert.deepEqual(
      result.diagnostics.map((each) => [each.rule, each.url]),
      [["good-rule", "docs/rules/good-rule.md"]],
    );
  });
});

describe("fixing with the real rules", () => {
  const fix = (text: string, unsafe: boolean) =>
    applyFixes(text, async (each) => (await linter.lintText({ path: "train.py", text: each })).diagnostics, { unsafe });

  it("makes the safe fixes alone by default", async () => {
    const { text, applied } = await fix(train, false);
    assert.deepEqual([...applied.keys()].sort(), ["loss-keeps-graph", "zero-grad-missing"]);
    assert.ok(text.includes("total += loss.item()"));
    assert.ok(text.includes("lr=0.05"));
  });

  it("leaves nothing to fix with the unsafe ones, and a second run changes nothing", async () => {
    const first = await fix(train, true);
    const rest = (await linter.lintText({ path: "train.py", text: first.text })).diagnostics;
    assert.deepEqual(
      rest.filter(({ fixes }) => fixes.length > 0),
      [],
    );
    assert.equal((await fix(first.text, true)).text, first.text);
  });

  it("never fails and never undoes itself on a script with lines left out, doubled or moved", async () => {
    const lines = train.split("\n");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(lines.length - 1), { minLength: 3, maxLength: 14 }), async (order) => {
        const text = ["import torch", ...order.map((index) => lines[index])].join("\n");
        const first = await fix(text, true);
        const second = await fix(first.text, true);
        assert.equal(second.text, first.text);
        const { problems } = await linter.lintText({ path: "train.py", text });
        assert.ok(problems.every(({ message }) => message.includes("does not parse")));
      }),
      { numRuns: 60 },
    );
  });
});
