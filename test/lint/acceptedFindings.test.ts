import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { acceptedEntries, acceptedText, readAccepted, withoutAccepted } from "../../server/lint/acceptedFindings.ts";
import type { Diagnostic } from "../../server/lint/diagnostic.ts";

/** A finding of `rule` at the start of each line that holds `mark`. */
function findings(text: string, mark: string, rule = "zero-grad-missing"): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    found.push({
      rule,
      severity: "warning",
      message: "",
      start: at,
      end: at + mark.length,
      fixes: [],
      related: [],
      url: "",
    });
  }
  return found;
}

describe("accepted findings", () => {
  const text = "import torch\n\nfor x in data:\n    opt.step()\n";
  const entries = acceptedEntries(text, findings(text, "opt.step"));

  it("stay accepted when lines come and go above them, when the line is indented anew and when blanks change", () => {
    for (const later of [
      `# a comment\n\n${text}`,
      text.replace("import torch\n\n", ""),
      text.replace("    opt.step()", "\t\topt.step( )\r"),
    ]) {
      const { kept, accepted, gone } = withoutAccepted(later, findings(later, "opt.step"), entries);
      assert.deepEqual([kept.length, accepted, gone], [0, 1, 0], later);
    }
  });

  it("do not cover another rule, another line, or one more of the same line", () => {
    const other = withoutAccepted(text, findings(text, "opt.step", "clip-misplaced"), entries);
    assert.deepEqual([other.kept.length, other.gone], [1, 1]);
    const changed = text.replace("opt.step()", "opt.step(closure)");
    assert.equal(withoutAccepted(changed, findings(changed, "opt.step"), entries).kept.length, 1);
    const twice = `${text}    opt.step()\n`;
    const { kept, accepted } = withoutAccepted(twice, findings(twice, "opt.step"), entries);
    assert.deepEqual([kept.length, accepted], [1, 1]);
    assert.equal(kept[0]?.start, twice.lastIndexOf("opt.step"));
  });

  it("are counted as gone when the code has been mended", () => {
    assert.equal(withoutAccepted("", [], entries).gone, 1);
  });

  it("leave out what depends on the last commit", () => {
    assert.deepEqual(acceptedEntries(text, findings(text, "opt.step", "many-hyperparameters-changed")), []);
  });

  it("cover exactly what they were made of, wherever lines are moved", () => {
    const lines = fc.array(fc.constantFrom("a.step()", "b.step()", "x = 1", ""), { maxLength: 12 });
    fc.assert(
      fc.property(lines, (all) => {
        const before = all.join("\n");
        const moved = all.toReversed().join("\n");
        const made = acceptedEntries(before, findings(before, "step"));
        const { kept, gone } = withoutAccepted(moved, findings(moved, "step"), made);
        assert.deepEqual([kept.length, gone], [0, 0]);
      }),
    );
  });
});

describe("the file of accepted findings", () => {
  const file = path.resolve("/project/haywire-baseline.json");
  const source = path.resolve("/project/src/train.py");

  it("reads what it wrote, with one entry a line and paths relative to itself", () => {
    const accepted = new Map([
      [source, [{ rule: "no-warmup", line: "0123456789abcdef", count: 2 }]],
      [path.resolve("/project/clean.py"), []],
    ]);
    const text = acceptedText(file, accepted);
    assert.equal(
      text,
      `{
  "version": 1,
  "files": {
    "src/train.py": [
      {"rule":"no-warmup","line":"0123456789abcdef","count":2}
    ]
  }
}
`,
    );
    const { value, problems } = readAccepted(file, text);
    assert.deepEqual(problems, []);
    assert.deepEqual([...value], [[source, accepted.get(source)]]);
    assert.deepEqual([...readAccepted(file, acceptedText(file, new Map())).value], []);
  });

  it("is a problem where it is something else", () => {
    for (const text of [
      "",
      "[]",
      "{}",
      '{"version": 2, "files": {}}',
      '{"version": 1, "files": {"a.py": [{"rule": 3}]}}',
    ]) {
      const { value, problems } = readAccepted(file, text);
      assert.equal(value.size, 0);
      assert.match(problems[0]?.message ?? "", /^This is no baseline of haywire: /, text);
    }
  });
});
