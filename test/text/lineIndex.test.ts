import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { indexLines, offsetAt, positionAt, rowColumnAt } from "../../server/text/lineIndex.ts";

const mixedText = fc.string({ unit: fc.constantFrom("a", "é", "😀", "\n", "\r", "\r\n", " ") });

test("counts lines at line feeds, carriage returns and pairs of them alike", () => {
  const index = indexLines("a\nb\r\nc\rd");
  assert.deepEqual(index.starts, [0, 2, 5, 7]);
  assert.deepEqual(positionAt(index, 7), { line: 3, character: 0 });
  assert.deepEqual(positionAt(index, 100), { line: 3, character: 1 });
  assert.equal(offsetAt(index, { line: 1, character: 99 }), 3);
  assert.equal(offsetAt(index, { line: 99, character: 0 }), 8);
  assert.equal(offsetAt(index, { line: -1, character: 5 }), 0);
});

test("counts columns in code points from 1, and characters in code units from 0", () => {
  const index = indexLines("x\n😀 = é + y");
  const offset = index.text.indexOf("y");
  assert.deepEqual(positionAt(index, offset), { line: 1, character: 9 });
  assert.deepEqual(rowColumnAt(index, offset), { row: 2, column: 9 });
});

test("leads from any offset to a position and back, outside line ends", () => {
  fc.assert(
    fc.property(mixedText, (text) => {
      const index = indexLines(text);
      for (let offset = 0; offset <= text.length; offset += 1) {
        const back = offsetAt(index, positionAt(index, offset));
        const isInsidePair = text[offset] === "\n" && text[offset - 1] === "\r";
        assert.equal(back, isInsidePair ? offset - 1 : offset);
      }
    }),
  );
});

test("starts as many lines as a split on line ends gives", () => {
  fc.assert(
    fc.property(mixedText, (text) => {
      const lines = text.split(/\r\n|\n|\r/);
      const { starts } = indexLines(text);
      assert.deepEqual(
        starts.map((start, line) => text.slice(start, start + (lines[line]?.length ?? 0))),
        lines,
      );
    }),
  );
});
