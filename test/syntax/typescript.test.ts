import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createParsers } from "../../server/lint/loadParsers.ts";
import type { SyntaxDocument } from "../../server/syntax/syntaxDocument.ts";
import { dumpModule } from "./dump.ts";
import { assertSane } from "./sanity.ts";

const parser = await createParsers().forPath("train.ts");

function open(text: string): SyntaxDocument {
  if (!parser) throw new Error("There is a TypeScript parser");
  return parser.open(text);
}

function reads(text: string, ...lines: readonly string[]): void {
  assert.equal(dumpModule(open(text).module), lines.join("\n"));
}

test("reads imports of every form", () => {
  reads(
    'import * as tf from "tf";\nimport d, { a as b, type C } from "x";\nimport "y";\nimport e = require("z");\n',
    "0-25 import tf [7-14 -→tf]",
    "26-64 import x [33-34 default→d, 38-44 a→b, 46-52 C→C]",
    "65-76 import y []",
    "77-101 import z [84-85 -→e]",
  );
});

test("reads declarations and assignments, `export` as part of the range alone", () => {
  reads(
    "export const a = 1e-3, b: number = -0x10;\nlet { lr, n: m = 32, ...r } = c as C;\nx = y[0] = z!;\nw ||= v;\n",
    "0-41 [13-14 a] = 17-21 #0.001",
    "0-41 [23-24 b] : 26-32 ?[] = 35-40 (- 36-40 #16)",
    '42-79 [46-69 {48-50| 48-50 "lr": 48-50 lr, 52-61| 52-53 "n": 55-61 (55-56 m = 59-61 #32), 63-67| -: 66-67 r}] = 72-73 c',
    "80-94 [80-81 x, 84-88 (84-85 y)[86-87 #0]] = 91-92 z",
    "95-103 [95-96 w] ||= 101-102 v",
  );
});

test("reads calls through `?.`, `!`, `new` and casts, with spread arguments", () => {
  reads(
    "tf.train?.adam!(1, ...xs);\nnew A;\nawait (f() satisfies T).data();\n",
    "0-26 0-25 call (0-14 (0-8 (0-2 tf).train@3-8).adam@10-14)(16-17| 16-17 #1, 19-24| *22-24 xs)@24",
    "27-33 27-32 new (31-32 A)()@32",
    "34-65 34-64 await 40-64 call (41-62 (41-44 call (41-42 f)()@43).data@58-62)()@63",
  );
});

test("reads functions and classes", () => {
  reads(
    "async function f(a: tf.T, { b } = {}, ...c) { return a }\nexport default class A extends B { lr = 1; m(x?: T) { this.#p; } }\nconst g = (x) => x;\n",
    "0-56 def f@15-16(17-24| a: 20-24 (20-22 tf).T@23-24, 26-36| { b } = 34-36 {}, 38-42| *c)",
    "  body:",
    "    46-54 return 53-54 a",
    "57-123 class A@78-79[88-89 B]",
    "  body:",
    "    92-99 [92-94 lr] = 97-98 #1",
    "    100-121 def m@100-101(102-107| x: 106-107 T)",
    "      body:",
    "        111-119 111-118 (111-115 this).#p@116-118",
    "124-143 [130-131 g] = 134-142 lambda(135-136| x) {141-142 return 141-142 x}",
  );
});

test("reads loops with the header that is underlined", () => {
  reads(
    "for (let i = 0; i < n; i++) f(i);\nfor (const [k] of o) { g(k) }\nwhile (a) break\ndo { b } while (c)\n",
    "5-14 [9-10 i] = 13-14 #0",
    "0-33 loop 0-27 [9-10 i] in - test 16-21 (16-17 i < 20-21 n)",
    "  body:",
    "    28-33 28-32 call (28-29 f)(30-31| 30-31 i)@31",
    "    23-26 23-26 (++ 23-24 i)",
    "34-63 loop 34-54 [45-48 [46-47 k]] in 52-53 o test -",
    "  body:",
    "    57-61 57-61 call (57-58 g)(59-60| 59-60 k)@60",
    "64-79 loop 64-73 [] in - test 71-72 a",
    "  body:",
    "    74-79 break []",
    "80-98 loop 80-82 [] in - test 96-97 c",
    "  body:",
    "    85-86 85-86 b",
  );
});

test("reads objects, templates, conditions and literals", () => {
  reads(
    "({ a: 1, 'b': 2, [c]: 3, d, m() { e }, ...z }); // hi\nx ? `a$" +
      "{y}` : `t`;\n[undefined, null, true, /r/, 1n];\n",
    '0-47 1-45 {3-7| 3-4 "a": 6-7 #1, 9-15| 9-12 "b": 14-15 #2, 17-23| 18-19 c: 22-23 #3, 25-26| 25-26 "d": 25-26 d, 28-37| 28-29 "m": 29-37 lambda() {34-35 34-35 e}, 39-43| -: 42-43 z}',
    '54-72 54-71 (54-55 x ? 58-65 f[62-63 y] : 68-71 "t")',
    "73-106 73-105 [74-83 null, 85-89 null, 91-95 true, 97-100 ?[], 102-104 ?[]]",
    "48-53 comment // hi",
  );
});

test("reads a cast in a .ts file where a .tsx file has an element", async () => {
  reads("<T>x;", "0-5 3-4 x");
  const withJsx = await createParsers().forPath("a.tsx");
  const module = withJsx?.open("const a = <b c={d()}>{e}</b>;").module;
  assert.deepEqual(module?.holes, []);
  assert.match(dumpModule(module ?? open("").module), /call \(16-17 d\)/);
});

test("keeps the last good tree while the text does not parse, with its offsets moved along", () => {
  const good = "const a = 1;\nf(a);\ng();\n";
  const document = open(good);
  document.update(good.replace("f(a);", "f(a, (;"));
  assert.equal(
    dumpModule(document.module),
    [
      "0-12 [6-7 a] = 10-11 #1",
      "13-20 13-19 call (13-14 f)(15-16| 15-16 a)@16",
      "21-25 21-24 call (21-22 g)()@23",
      "16-19 hole",
    ].join("\n"),
  );
  document.update(good);
  assert.deepEqual(document.module, open(good).module);
});

test("reads a text that never parsed without the lines in the way", () => {
  reads("const a = 1;\nf(a, ;\ng();\n", "0-12 [6-7 a] = 10-11 #1", "20-24 20-23 call (20-21 g)()@22", "13-19 hole");
  reads("((((", "0-4 hole");
});

const piece = fc.oneof(
  fc.constantFrom(
    "x",
    "\n",
    "(",
    ")",
    "{",
    "}",
    "`",
    "${",
    "/",
    "/*",
    "=>",
    "const ",
    "class A ",
    "<T>",
    "é😀",
    "'",
    ";",
  ),
  fc.constantFrom("if (a) b; else c;\n", "for (const x of y) {}\n", "import a from 'b';\n", "f(1, 2);\n", "\r\n"),
);

test("reads any text without throwing, and edits of it", () => {
  const any = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(any, fc.array(fc.tuple(fc.nat(), fc.nat(6), piece), { maxLength: 3 }), (first, edits) => {
      const document = open(first);
      assertSane(document.module, first);
      let text = first;
      for (const [at, length, inserted] of edits) {
        const start = at % (text.length + 1);
        text = text.slice(0, start) + inserted + text.slice(start + length);
        document.update(text);
        assertSane(document.module, text);
      }
    }),
  );
});

test("reads absurdly nested text without exhausting the stack", () => {
  for (const text of [
    "(".repeat(20_000),
    `x = ${"a + ".repeat(20_000)}a`,
    `${"[".repeat(3000)}${"]".repeat(3000)}`,
    `x${".y".repeat(1500)}`,
  ]) {
    assertSane(open(text).module, text);
  }
});
