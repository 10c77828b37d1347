import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createParsers } from "../../server/lint/loadParsers.ts";
import type { SyntaxDocument } from "../../server/syntax/syntaxDocument.ts";
import { dumpModule } from "./dump.ts";
import { assertSane } from "./sanity.ts";

const parser = await createParsers().forPath("train.py");
if (!parser) throw new Error("There is a Python parser");

function open(text: string): SyntaxDocument {
  if (!parser) throw new Error("There is a Python parser");
  return parser.open(text);
}

function reads(text: string, ...lines: readonly string[]): void {
  const document = open(text);
  assert.equal(dumpModule(document.module), lines.join("\n"));
  document.dispose();
}

test("reads imports, one a module", () => {
  reads(
    "import torch.optim as optim, os.path\nfrom ..a.b import c as d, e\nfrom x import *\nfrom __future__ import division\n",
    "0-36 import torch.optim [7-27 -→optim]",
    "0-36 import os.path [29-36 -→os]",
    "37-64 import ..a.b [55-61 c→d, 63-64 e→e]",
    "65-80 import x [79-80 *→*]",
    "81-112 import __future__ [104-112 division→division]",
  );
});

test("reads assignments: chained, augmented, annotated, taken apart and bare", () => {
  reads(
    "a = b.c[0] = 1e-4\nx += 1_000\nlr: float = .5\nn: Optional[int]\n(i, *j), k = v\n",
    "0-17 [0-1 a, 4-10 (4-7 (4-5 b).c@6-7)[8-9 #0]] = 13-17 #0.0001",
    "18-28 [18-19 x] += 23-28 #1000",
    "29-43 [29-31 lr] : 33-38 float = 41-43 #0.5",
    "44-60 [44-45 n] : 47-60 (47-55 Optional)[56-59 int] = -",
    "61-75 [61-71 [61-68 [62-63 i, 65-67 ?[66-67 j]], 70-71 k]] = 74-75 v",
  );
});

test("reads calls with keyword and spread arguments, and where an argument could be appended", () => {
  reads(
    "Adam(m.parameters(), lr=1, *a, **k)\nf(x for x in y)\ng(\n    1,  # one\n)\n",
    "0-35 0-35 call (0-4 Adam)(5-19| 5-19 call (5-17 (5-6 m).parameters@7-17)()@18, 21-25| lr=24-25 #1, 27-29| *28-29 a, 31-34| **33-34 k)@34",
    "36-51 36-51 call (36-37 f)(37-51| 37-51 <38-39 x for 44-45 x in 49-50 y>)@50",
    "52-70 52-70 call (52-53 g)(59-60| 59-60 #1)@69",
    "63-68 comment # one",
  );
});

test("reads definitions with decorators, annotations, defaults and every kind of parameter", () => {
  reads(
    "@d(1)\nasync def f(a, /, b: int = 1, *c, e=None, **k) -> int:\n    return await g(a)\nclass A(B, metaclass=M): pass\n",
    "0-82 def f@16-17(18-19| a, 24-34| b: 27-30 int = 33-34 #1, 36-38| *c, 40-46| e = 42-46 null, 48-51| **k) @[1-5 call (1-2 d)(3-4| 3-4 #1)@4]",
    "  body:",
    "    65-82 return 72-82 await 78-82 call (78-79 g)(80-81| 80-81 a)@81",
    "83-112 class A@89-90[91-92 B]",
    "  body:",
    "    108-112 pass []",
  );
});

test("reads branches and loops, an `elif` as an `if` alone in the other branch", () => {
  reads(
    "if a: b\nelif not c and d < 1: e\nelse: f\nfor i, j in x(): # hi\n  break\nelse:\n  g\nwhile (n := h()) is not None: continue\n",
    "0-39 if 3-4 a",
    "  body:",
    "    6-7 6-7 b",
    "  else:",
    "    8-39 if 13-28 (13-18 (not 17-18 c) and 23-28 (23-24 d < 27-28 #1))",
    "      body:",
    "        30-31 30-31 e",
    "      else:",
    "        38-39 38-39 f",
    "40-79 loop 40-56 [44-48 [44-45 i, 47-48 j]] in 52-55 call (52-53 x)()@54 test -",
    "  body:",
    "    64-69 break []",
    "  else:",
    "    78-79 78-79 g",
    "80-118 loop 80-109 [] in - test 86-108 (87-95 (87-88 n := 92-95 call (92-93 h)()@94) is not 104-108 null)",
    "  body:",
    "    110-118 continue []",
    "57-61 comment # hi",
  );
});

test("reads `with` in all its spellings, and `try` with all its parts", () => {
  reads(
    "with a as b, c: d\nwith (e as f, g as h):\n  i\ntry: j\nexcept (K, L) as m: n\nexcept: o\nelse: p\nfinally: raise q from r\n",
    "0-17 with 5-6 a as 10-11 b, 13-14 c as -",
    "  body:",
    "    16-17 16-17 d",
    "18-44 with 24-25 e as 29-30 f, 32-33 g as 37-38 h",
    "  body:",
    "    43-44 43-44 i",
    "45-115 try",
    "  body:",
    "    50-51 50-51 j",
    "  except:",
    "    72-73 72-73 n",
    "  except:",
    "    82-83 82-83 o",
    "  else:",
    "    90-91 90-91 p",
    "  finally:",
    "    101-115 raise [107-108 q, 114-115 r]",
  );
});

test("reads strings: joined, raw, escaped, and with interpolated values", () => {
  reads(
    "a = 'x\\n' \"y\"\nb = r'\\n', b'\\x41', '''t'''\nf\"{c!r:{w}}{{d}}\" f'e'\nf'{{}}'\n",
    '0-13 [0-1 a] = 4-13 "x\\ny"',
    '14-41 [14-15 b] = 18-41 [18-23 "\\\\n", 25-32 "A", 34-41 "t"]',
    "42-64 42-64 f[45-46 c, 50-51 w]",
    '65-72 65-72 "{}"',
  );
});

test("reads literals, comprehensions, lambdas, slices and conditional expressions", () => {
  reads(
    "{'a': 1, **b}\n{c: d for c, d in e if f}\nlambda x, *y, z=1: -x ** 0x10\ng[1:2, ::3] if h else (1j, ...)\nTrue,\ni < j < k\n",
    '0-13 0-13 {1-7| 1-4 "a": 6-7 #1, 9-12| -: 11-12 b}',
    "14-39 14-39 <15-19 {15-19| 15-16 c: 18-19 d} for 24-28 [24-25 c, 27-28 d] in 32-33 e if 37-38 f>",
    "40-69 40-69 lambda(47-48| x, 50-52| *y, 54-57| z = 56-57 #1) {59-69 return 59-69 (- 60-69 (60-61 x ** 65-69 #16))}",
    "70-101 70-101 (85-86 h ? 70-81 (70-71 g)[72-80 [72-75 ?[72-73 #1, 74-75 #2], 77-80 ?[79-80 #3]]] : 92-101 [93-95 ?[], 97-100 ?[]])",
    "102-107 102-107 [102-106 true]",
    "108-117 108-117 ?[108-109 i, 112-113 j, 116-117 k]",
  );
});

test("keeps the expressions and bodies of statements that have no node of their own", () => {
  reads(
    "match x:\n  case [A(), 1] if y():\n    z()\nprint 'a'\ndel a, b\nglobal c\nassert d, e\n",
    "0-40 match [6-7 x]",
    "  body:",
    "    11-40 case [16-24 [17-20 ?[17-18 A], 22-23 #1], 25-31 ?[28-31 call (28-29 y)()@30]]",
    "      body:",
    "        37-40 37-40 call (37-38 z)()@39",
    '41-50 print [47-50 "a"]',
    "51-59 del [55-56 a, 58-59 b]",
    "60-68 global [67-68 c]",
    "69-80 assert [76-77 d, 79-80 e]",
  );
});

test("marks what does not parse and keeps the statements around it", () => {
  const text = "import torch\nx = = 3 3\nfor a in b:\n    f(1 2)\n    opt.step()\nopt = Adam(p, lr=1e-3)\n";
  const document = open(text);
  const { body, holes } = document.module;
  assert.ok(holes.length >= 2);
  assert.equal(body[0]?.kind, "import");
  const loop = body.at(-2);
  assert.equal(loop?.kind, "loop");
  assert.equal(loop?.kind === "loop" && loop.body.length, 2);
  assert.equal(body.at(-1)?.kind, "assignment");
  document.dispose();
});

test("gives a name without a value none of the lines below", () => {
  const document = open("rate = \n\n# How often it shows\nevery = 500\n");
  for (const statement of document.module.body) {
    if (statement.kind !== "assignment") continue;
    const [first] = statement.targets;
    assert.ok(first?.kind !== "name" || first.name !== "rate" || statement.value === null);
  }
  document.dispose();
});

test("takes out the line of a call that is being typed, and keeps what follows it", () => {
  const text =
    "import a\ndef f(x):\n    opt = Adam(p, lr=1e-3,\n    model.train()\n    for i in x:\n        g(i)\nx = 1\n";
  reads(
    text,
    "0-8 import a [7-8 -→a]",
    "9-92 def f@13-14(15-16| x)",
    "  body:",
    "    23-27 pass []",
    "    50-63 50-63 call (50-61 (50-55 model).train@56-61)()@62",
    "    68-92 loop 68-79 [72-73 i] in 77-78 x test -",
    "      body:",
    "        88-92 88-92 call (88-89 g)(90-91| 90-91 i)@91",
    "93-98 [93-94 x] = 97-98 #1",
    "23-45 hole",
  );
  const document = open(text);
  const whole = text.replace("lr=1e-3,", "lr=1e-3)");
  document.update(whole);
  assert.deepEqual(document.module, open(whole).module);
  assert.deepEqual(document.module.holes, []);
});

test("reads line ends of every kind alike, and text after a continued line", () => {
  const expected = ["0-5 [0-1 a] = 4-5 #1", "6-11 [6-7 b] = 10-11 #2"];
  reads("a = 1\nb = 2\n", ...expected);
  reads("a = 1\rb = 2\r", ...expected);
  reads("a = 1\r\nb = \\\r\n2", expected[0] ?? "", "7-15 [7-8 b] = 14-15 #2");
  reads("# a\r\nb\r\n", "5-6 5-6 b", "0-3 comment # a");
});

const training = `import torch
from torch import nn, optim as O

# settings
LR = 1e-3  # rate
config = {"lr": LR, "betas": (0.9, 0.999), **extra}

class Net(nn.Module):
    """A net."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.layers = nn.Sequential(*[nn.Linear(width, width) for _ in range(3)])

    @torch.no_grad()
    def forward(self, x):
        if x.dim() == 2:
            return self.layers(x)
        elif x is None:
            pass
        else:
            raise ValueError(f"bad shape {x.shape}")

def train(model, loader, epochs=10):
    optimizer = O.Adam(model.parameters(), lr=config["lr"])
    scaler = torch.amp.GradScaler()
    for epoch in range(epochs):
        total = 0.0
        for batch, (x, y) in enumerate(loader):
            with torch.autocast("cuda"), other() as o:
                loss = nn.functional.cross_entropy(
                    model(x),
                    y,  # labels
                )
            scaler.scale(loss).backward()
            scaler.step(optimizer); scaler.update()
            total += loss.item()
            try:
                log(epoch, total)
            except OSError:
                continue
        print(f"{epoch}: {total / len(loader):.4f}")

if __name__ == "__main__":
    train(Net(), [])
`;

const piece = fc.oneof(
  fc.constantFrom(
    "x",
    "\n",
    "    ",
    "(",
    ")",
    ":",
    " = ",
    '"',
    "'''",
    "\\\n",
    "# c\n",
    "\r",
    "\r\n",
    ",",
    "[",
    "}",
    "é😀",
    "@",
  ),
  fc.constantFrom(
    "if a:\n    b\n",
    "else:\n",
    "import a, b\n",
    "lambda z: ",
    "f'{a}'",
    "def f(a):\n    return a\n",
    "1e-4",
  ),
  fc.string({ maxLength: 3 }),
);
const edits = fc.array(fc.tuple(fc.nat(), fc.nat(12), piece), { minLength: 1, maxLength: 8 });

test("gives the tree of a fresh reading after any edits, wherever the text parses", () => {
  fc.assert(
    fc.property(edits, fc.boolean(), (list, areWiped) => {
      const document = open(training);
      let text = training;
      const check = (): void => {
        const fresh = open(text);
        // How far a hole reaches may depend on how the text came about; what parses must not.
        if (fresh.module.holes.length === 0) assert.deepEqual(document.module, fresh.module);
        assertSane(document.module, text);
        fresh.dispose();
      };
      for (const [at, length, inserted] of list) {
        const start = at % (text.length + 1);
        const end = areWiped ? Math.min(text.length, start + length) : start;
        const edit = { start, end, newText: inserted };
        text = text.slice(0, start) + inserted + text.slice(end);
        document.update(text, [edit]);
        check();
      }
      text = training;
      document.update(text);
      assert.equal(document.module.holes.length, 0);
      check();
      document.dispose();
    }),
    { numRuns: 30 },
  );
});

test("gives the tree of a fresh reading after several edits at once, and after edits that are not as told", () => {
  const document = open(training);
  const at = training.indexOf("LR = 1e-3");
  const later = training.indexOf("total = 0.0");
  const several = [
    { start: later, end: later, newText: "count = 1\n        " },
    { start: at, end: at + 9, newText: "LR = 3e-4\nEPS = 1" },
  ];
  const text = training
    .replace("LR = 1e-3", "LR = 3e-4\nEPS = 1")
    .replace("total = 0.0", "count = 1\n        total = 0.0");
  for (const told of [
    several,
    [
      { start: 0, end: 5, newText: "no" },
      { start: 7, end: 7, newText: "never" },
    ],
  ]) {
    document.update(training);
    document.update(text, told);
    const fresh = open(text);
    assert.deepEqual(document.module, fresh.module);
    assert.equal(fresh.module.holes.length, 0);
    fresh.dispose();
  }
  document.dispose();
});

test("does not change a module that it handed out before", () => {
  const document = open(training);
  const before = document.module;
  const copy = structuredClone(before);
  document.update(`x = 1\n${training.replace("epochs=10", "epochs=100")}`);
  assert.deepEqual(before, copy);
  assert.notDeepEqual(document.module, copy);
  document.dispose();
});

test("reads any text without throwing", () => {
  const any = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(any, any, (first, second) => {
      const document = open(first);
      assertSane(document.module, first);
      document.update(second);
      assertSane(document.module, second);
      document.dispose();
    }),
  );
});

test("reads absurdly nested and long text without exhausting the stack", () => {
  const texts = [
    `${"(".repeat(20_000)}1${")".repeat(20_000)}`,
    "(".repeat(20_000),
    `x = ${"a + ".repeat(20_000)}a`,
    `x = ${"not ".repeat(20_000)}a`,
    `x${".y".repeat(20_000)}\n`,
    `${"a = ".repeat(20_000)}1\n`,
    `if a: b\n${"elif a: b\n".repeat(5_000)}`,
    Array.from({ length: 300 }, (_, depth) => `${" ".repeat(depth)}if a:\n`).join(""),
    "\0".repeat(1000),
  ];
  for (const text of texts) {
    const document = open(text);
    assertSane(document.module, text);
    document.update(`y\n${text}`);
    assertSane(document.module, `y\n${text}`);
    document.dispose();
  }
});

test("a call left open in the middle of a file costs its own line only, wherever it stands", () => {
  const text = `import torch

def first(a):
    return a

class Net:
    def forward(self, x):
        y = self.f(x)
        return self.g(y)

def last(b):
    for x in b:
        step(x)
    return b
`;
  for (const opened of ["self.f(x)", "step(x)", "self.g(y)"]) {
    const broken = text.replace(opened, opened.slice(0, -1));
    const document = open(broken);
    const names = document.module.body.flatMap((statement) => ("name" in statement ? [statement.name] : []));
    assert.deepEqual(names, ["first", "Net", "last"], opened);
    const holes = document.module.holes.map(({ start, end }) => broken.slice(start, end).trim());
    assert.ok(holes.length === 1 && holes[0]?.includes(opened.slice(0, -1)), opened);
    document.dispose();
  }
});
