import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyEdits, editBetween, editsOverlap, mergeEdits } from "../../server/text/edits.ts";
import type { TextEdit } from "../../server/text/range.ts";

const edit = (start: number, end: number, newText = ""): TextEdit => ({ start, end, newText });

test("applies edits in any order, as offsets refer to the text before all of them", () => {
  assert.deepEqual(applyEdits("abcdef", [edit(4, 6, "XY"), edit(0, 1), edit(2, 2, "+")]), {
    text: "b+cdXY",
    skipped: [],
  });
});

test("keeps the order of insertions at one place", () => {
  assert.equal(applyEdits("ab", [edit(1, 1, "1"), edit(1, 1, "2")]).text, "a12b");
});

test("leaves out an edit that overlaps an earlier one or lies outside the text, and names it", () => {
  const late = edit(2, 4, "Y");
  const outside = edit(3, 9, "Z");
  assert.deepEqual(applyEdits("abcd", [edit(1, 3, "X"), late]), { text: "aXd", skipped: [late] });
  assert.deepEqual(applyEdits("abcd", [outside]), { text: "abcd", skipped: [outside] });
});

test("calls edits overlapping when they share text or insert at one place, not when they touch", () => {
  assert.equal(editsOverlap(edit(0, 2), edit(1, 3)), true);
  assert.equal(editsOverlap(edit(0, 2), edit(2, 3)), false);
  assert.equal(editsOverlap(edit(2, 2), edit(2, 2)), true);
  assert.equal(editsOverlap(edit(2, 2), edit(2, 4)), false);
  assert.equal(editsOverlap(edit(3, 3), edit(2, 4)), true);
});

test("takes a group whole or not at all, and makes an edit shared by two groups once", () => {
  const addImport = edit(0, 0, "import torch\n");
  const first = [addImport, edit(10, 12, "x")];
  const second = [addImport, edit(20, 20, "y")];
  const third = [edit(11, 13, "z"), edit(30, 31)];
  const merged = mergeEdits([first, second, third]);
  assert.deepEqual(merged.edits, [addImport, edit(10, 12, "x"), edit(20, 20, "y")]);
  assert.deepEqual(merged.taken, [first, second]);
  assert.deepEqual(merged.left, [third]);
});

test("applies one edit as a splice does", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), fc.string(), (text, a, b, newText) => {
      const [start = 0, end = 0] = [a % (text.length + 1), b % (text.length + 1)].sort((x, y) => x - y);
      const units = text.split("");
      units.splice(start, end - start, newText);
      assert.equal(applyEdits(text, [{ start, end, newText }]).text, units.join(""));
    }),
  );
});

test("finds an edit that leads from one text to the other and is no longer than it must be", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (head, removed, added, tail) => {
      const from = head + removed + tail;
      const to = head + added + tail;
      const edits = editBetween(from, to);
      assert.equal(applyEdits(from, edits).text, to);
      assert.ok(
        edits.every(({ start, end, newText }) => end - start <= removed.length && newText.length <= added.length),
      );
    }),
  );
});
