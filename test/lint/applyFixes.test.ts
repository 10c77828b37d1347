import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { applyFixes, applyOnce } from "../../server/lint/applyFixes.ts";
import type { Diagnostic } from "../../server/lint/diagnostic.ts";
import type { Applicability } from "../../server/rules/rule.ts";
import type { TextEdit } from "../../server/text/range.ts";

function diagnostic(edits: readonly TextEdit[], applicability: Applicability = "safe", rule = "a-rule"): Diagnostic {
  return {
    rule,
    severity: "warning",
    message: "",
    start: 0,
    end: 0,
    related: [],
    url: "",
    fixes: [{ title: "fix", applicability, edits }],
  };
}

/** Reports every `bad` and makes it `good`. */
async function lintBad(text: string): Promise<readonly Diagnostic[]> {
  return [...text.matchAll(/bad/g)].map(({ index }) => diagnostic([{ start: index, end: index + 3, newText: "good" }]));
}

describe("applying fixes", () => {
  it("fixes all that does not overlap in one pass", async () => {
    const { text, applied, passes } = await applyFixes("bad bad", lintBad, { unsafe: false });
    assert.equal(text, "good good");
    assert.equal(applied.get("a-rule"), 2);
    assert.equal(passes, 1);
  });

  it("makes a fix of several edits whole or not at all", () => {
    const first = diagnostic([{ start: 0, end: 2, newText: "X" }]);
    const second = diagnostic([
      { start: 1, end: 3, newText: "Y" },
      { start: 5, end: 6, newText: "Z" },
    ]);
    const { text, fixed } = applyOnce("abcdefg", [first, second], { unsafe: false });
    assert.equal(text, "Xcdefg");
    assert.deepEqual(fixed, [first]);
  });

  it("leaves unsafe fixes alone unless told otherwise", () => {
    const unsafe = diagnostic([{ start: 0, end: 1, newText: "X" }], "unsafe");
    assert.equal(applyOnce("abc", [unsafe], { unsafe: false }).text, "abc");
    assert.equal(applyOnce("abc", [unsafe], { unsafe: true }).text, "Xbc");
  });

  it("ends when fixes undo each other, at a text that a second run leaves as it is", async () => {
    const flip = async (text: string) => [
      diagnostic([{ start: 0, end: 1, newText: text.startsWith("a") ? "b" : "a" }]),
    ];
    const { text } = await applyFixes("a", flip, { unsafe: false });
    assert.equal((await applyFixes(text, flip, { unsafe: false })).text, text);
    assert.equal((await applyFixes("b", flip, { unsafe: false })).text, text);
  });

  it("ends after ten passes when each makes new work", async () => {
    const grow = async (text: string) => [diagnostic([{ start: text.length, end: text.length, newText: "x" }])];
    assert.equal((await applyFixes("", grow, { unsafe: false })).text, "x".repeat(10));
  });

  it("keeps every untouched character, for any edits", () => {
    const edit = fc.record({ start: fc.nat(30), length: fc.nat(5), newText: fc.constantFrom("", "+", "++") });
    fc.assert(
      fc.property(
        fc.string({ minLength: 36, maxLength: 36 }),
        fc.array(fc.array(edit, { maxLength: 3 })),
        (text, groups) => {
          const source = text.replaceAll("+", "-");
          const diagnostics = groups.map((group) =>
            diagnostic(group.map(({ start, length, newText }) => ({ start, end: start + length, newText }))),
          );
          const { text: fixed, fixed: made } = applyOnce(source, diagnostics, { unsafe: false });
          const removed = new Set<number>();
          for (const { fixes } of made) {
            for (const { start, end } of fixes[0]?.edits ?? []) {
              for (let offset = start; offset < end; offset++) removed.add(offset);
            }
          }
          const kept = [...source.split("").keys()]
            .filter((offset) => !removed.has(offset))
            .map((offset) => source[offset]);
          assert.equal(fixed.replaceAll("+", ""), kept.join(""));
        },
      ),
    );
  });

  it("changes nothing in a second run, for any text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("bad", "b", "a", "d", " ", "\n")), async (parts) => {
        const first = await applyFixes(parts.join(""), lintBad, { unsafe: false });
        const second = await applyFixes(first.text, lintBad, { unsafe: false });
        assert.equal(second.text, first.text);
        assert.equal(second.passes, 0);
      }),
    );
  });
});
