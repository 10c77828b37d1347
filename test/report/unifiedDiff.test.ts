import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { unifiedDiff } from "../../server/report/unifiedDiff.ts";

describe("unified diff", () => {
  it("is empty for equal texts", () => {
    assert.equal(unifiedDiff("a.py", "x\n", "x\n"), "");
  });

  it("has the lines around a change", () => {
    const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    assert.equal(
      unifiedDiff("a.py", before, before.replace("5\n", "five\nplus\n")),
      "--- a.py\n+++ a.py\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n+plus\n 6\n 7\n 8\n",
    );
  });

  it("starts a new hunk for a change far away, and marks a missing last line end", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `${index}\n`);
    const before = lines.join("");
    const after = before.replace("0\n", "zero\n").replace(/19\n$/, "19");
    assert.equal(
      unifiedDiff("a.py", before, after),
      "--- a.py\n+++ a.py\n@@ -1,4 +1,4 @@\n-0\n+zero\n 1\n 2\n 3\n@@ -17,4 +17,4 @@\n 16\n 17\n 18\n-19\n+19\n\\ No newline at end of file\n",
    );
  });

  it("counts an emptied and a new file from line 0", () => {
    assert.equal(unifiedDiff("a", "", "x\n"), "--- a\n+++ a\n@@ -0,0 +1 @@\n+x\n");
    assert.equal(unifiedDiff("a", "x\n", ""), "--- a\n+++ a\n@@ -1 +0,0 @@\n-x\n");
  });

  it("is what git apply makes the new text of, for any texts", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "haywire-diff-"));
    const file = path.join(folder, "a.py");
    const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\n"), { minLength: 1, maxLength: 30 });
    try {
      fc.assert(
        fc.property(text, text, fc.boolean(), (before, after, isCut) => {
          const from = before.join("");
          const to = isCut ? after.join("").slice(0, -1) : after.join("");
          if (from === to || to === "") return;
          writeFileSync(file, from);
          const input = unifiedDiff("a.py", from, to);
          const { status, stderr } = spawnSync("git", ["apply", "-p0", "--unidiff-zero", "-"], { cwd: folder, input });
          assert.equal(status, 0, `${stderr}${input}`);
          assert.equal(readFileSync(file, "utf8"), to);
        }),
        { numRuns: 40 },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
