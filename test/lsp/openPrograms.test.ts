import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TextDocument } from "vscode-languageserver-textdocument";
import { emptyFacts } from "../../server/facts/emptyFacts.ts";
import type { LintResult } from "../../server/lint/diagnostic.ts";
import type { LintDocument, Linter } from "../../server/lint/linter.ts";
import { createOpenPrograms } from "../../server/lsp/openPrograms.ts";
import { programOfFile } from "../../server/lsp/programs.ts";
import { editsOfChanges } from "../../server/lsp/textSync.ts";
import { applyEdits } from "../../server/text/edits.ts";

const result: LintResult = { diagnostics: [], problems: [], facts: emptyFacts("a.py"), suppressed: 0 };
const program = (version: number, text: string) =>
  programOfFile(TextDocument.create("file:///a.py", "python", version, text));

function linterOf(lint: (text: string) => LintResult): Linter & { readonly updates: unknown[] } {
  const updates: unknown[] = [];
  return {
    updates,
    lintText: async ({ text }) => lint(text),
    openDocument: async (_path, first): Promise<LintDocument> => {
      let text = first;
      return {
        get text() {
          return text;
        },
        update(newText, edits) {
          updates.push(edits ?? null);
          text = newText;
        },
        lint: () => lint(text),
        facts: () => result.facts,
        dispose: () => undefined,
      };
    },
  };
}

test("a linter that throws is logged once a program, gives no findings, and is asked again for the next text", async () => {
  const logged: string[] = [];
  const linter = linterOf((text) => {
    if (text.includes("bad")) throw new Error("out of order");
    return result;
  });
  const programs = createOpenPrograms(linter, (message) => logged.push(message));
  programs.set(program(1, "bad"), null);
  assert.equal(await programs.get("file:///a.py")?.lint(), null);
  programs.set(program(2, "still bad"), null);
  assert.equal(await programs.get("file:///a.py")?.lint(), null);
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? "", /a\.py: out of order/);
  programs.set(program(3, "good"), null);
  assert.equal((await programs.get("file:///a.py")?.lint())?.revision, 3);
});

test("a rule that failed is logged once, a text that does not parse is not", async () => {
  const logged: string[] = [];
  const problems = [
    { path: "a.py", message: "The rule x failed on this file: oh" },
    { path: "a.py", message: "Line 1 does not parse", offset: 0 },
  ];
  const programs = createOpenPrograms(
    linterOf(() => ({ ...result, problems })),
    (message) => logged.push(message),
  );
  for (const version of [1, 2, 3]) {
    programs.set(program(version, "x"), null);
    await programs.get("file:///a.py")?.lint();
  }
  assert.deepEqual(logged, ["a.py: The rule x failed on this file: oh"]);
});

test("one text is linted once, and edits reach the parser only when they are all that changed", async () => {
  let lints = 0;
  const linter = linterOf(() => {
    lints++;
    return result;
  });
  const programs = createOpenPrograms(linter, () => undefined);
  const lint = () => programs.get("file:///a.py")?.lint();
  programs.set(program(1, "ab"), null);
  await Promise.all([lint(), lint()]);
  assert.equal(lints, 1);
  const edits = [{ start: 2, end: 2, newText: "c" }];
  programs.set(program(2, "abc"), edits);
  await lint();
  programs.set(program(3, "abcd"), [{ start: 3, end: 3, newText: "d" }]);
  programs.set(program(4, "abcde"), [{ start: 4, end: 4, newText: "e" }]);
  await lint();
  assert.deepEqual(linter.updates, [edits, null]);
  assert.equal(lints, 3);
});

test("a program that was closed is not linted", async () => {
  const programs = createOpenPrograms(
    linterOf(() => result),
    () => undefined,
  );
  programs.set(program(1, "x"), null);
  const open = programs.get("file:///a.py");
  programs.close("file:///a.py");
  assert.equal(await open?.lint(), null);
  assert.equal(programs.get("file:///a.py"), null);
});

test("changes taken as edits of one text give the text that the changes give", () => {
  const change = fc.record({
    from: fc.nat(40),
    length: fc.nat(8),
    text: fc.constantFrom("", "x", "y\n", "\r\n", "😀"),
  });
  let asEdits = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "bc", "\n", "\r\n", "\r", "😀"), { maxLength: 20 }),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (pieces, changes) => {
        const before = TextDocument.create("file:///a.py", "python", 1, pieces.join(""));
        let document = TextDocument.create("file:///a.py", "python", 1, before.getText());
        const sent = changes.map(({ from, length, text }) => {
          const range = { start: document.positionAt(from), end: document.positionAt(from + length) };
          document = TextDocument.update(document, [{ range, text }], 2);
          return { range, text };
        });
        const edits = editsOfChanges(before, sent);
        if (edits === null) return;
        asEdits++;
        const applied = applyEdits(before.getText(), edits);
        assert.deepEqual(applied, { text: document.getText(), skipped: [] });
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(asEdits > 100, "hardly any change was taken as edits");
});
