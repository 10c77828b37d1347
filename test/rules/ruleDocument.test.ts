import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hoverDocument, parseRuleDocument, readableDocument } from "../../server/rules/ruleDocument.ts";

const markdown = `# some-rule

What it is about,
in two lines.

## How to fix it

Do this.

## Examples

\`\`\`py invalid
if lr:
    step(lr)
#   ^^^^ 
    more(lr)
\`\`\`

\`\`\`ts valid
// ^ is a mark only when alone
step();
\`\`\`
`;

describe("rule document", () => {
  it("gives examples without their mark lines, and the spans that were marked", () => {
    const { examples, title, summary, headings } = parseRuleDocument(markdown);
    assert.equal(title, "some-rule");
    assert.equal(summary, "What it is about, in two lines.");
    assert.deepEqual(headings, ["How to fix it", "Examples"]);
    assert.deepEqual(examples, [
      {
        kind: "invalid",
        language: "py",
        code: "if lr:\n    step(lr)\n    more(lr)\n",
        marks: [{ start: 11, end: 15 }],
        line: 12,
      },
      { kind: "valid", language: "ts", code: "// ^ is a mark only when alone\nstep();\n", marks: [], line: 19 },
    ]);
  });

  it("is shown to people with plain fences and labels", () => {
    const text = readableDocument(markdown);
    assert.ok(text.includes("Marked:\n\n```python\nif lr:\n    step(lr)\n    more(lr)\n```"));
    assert.ok(text.includes("Fine:\n\n```typescript\n// ^ is a mark"));
    assert.ok(!text.includes("^^^^"));
  });

  it("has a short form of summary and fix for hovers", () => {
    assert.equal(hoverDocument(markdown), "**some-rule**\n\nWhat it is about, in two lines.\n\nDo this.");
  });

  it("is empty rather than an error for text that is no document", () => {
    assert.deepEqual(parseRuleDocument(""), { title: "", summary: "", headings: [], examples: [] });
    assert.equal(readableDocument("```py invalid\nx"), "Marked:\n\n```python\nx");
  });
});
