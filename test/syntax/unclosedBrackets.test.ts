import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { unclosedBrackets } from "../../server/syntax/unclosedBrackets.ts";

const marked = (text: string) => unclosedBrackets(text).map((at) => text.slice(at, at + 1) + at);

test("brackets without a partner are found, those in strings and comments are not brackets", () => {
  assert.deepEqual(marked("a(b[c]"), ["(1"]);
  assert.deepEqual(marked("f()\ng(\nh()\n"), ["(5"]);
  assert.deepEqual(marked("f())"), [")3"]);
  assert.deepEqual(marked("f(']')  # ("), []);
  assert.deepEqual(marked('"""\n(\n"""\nx = "\\"("'), []);
  assert.deepEqual(marked("x = 'open (\ny = [1"), ["[16"]);
});

test("whatever the text, a pair put around nothing changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("(", ")", "[", "]", "'", "#", "\n", "a") }), (text) => {
      const found = unclosedBrackets(text);
      assert.ok(found.every((at) => "()[]{}".includes(text[at] ?? " ")));
      assert.deepEqual(
        unclosedBrackets(`(){}\n${text}`).map((at) => at - 5),
        found,
      );
    }),
  );
});
