import assert from "node:assert/strict";
import { test } from "node:test";
import { createParsers } from "../../server/lint/loadParsers.ts";
import type { Module } from "../../server/syntax/tree.ts";
import { dottedName, walkExpressions, walkStatements } from "../../server/syntax/walk.ts";

const parser = await createParsers().forPath("train.py");

function moduleOf(text: string): Module {
  if (!parser) throw new Error("There is a Python parser");
  return parser.open(text).module;
}

function namesIn(text: string, skip?: string): string[] {
  const names: string[] = [];
  walkExpressions(moduleOf(text).body, (node) => {
    if (node.kind === skip) return "skip";
    if (node.kind === "name") names.push(node.name);
    return undefined;
  });
  return names;
}

test("reaches every expression in source order", () => {
  const text =
    "@a\ndef _(x: b = c):\n  if d: e\n  else: return f\nfor g in h: i(j, k=l)[m].z\nwith n as o: p = q = {r: s, **t}\ntry: u\nexcept v: w\nfinally: lambda y=aa: (bb if cc else dd)\nassert [ee for ff in gg if hh], not (ii + jj), f'{kk}'\n";
  const expected = "a b c d e f g h i j l m n o p q r s t u w aa bb cc dd ee ff gg hh ii jj kk".split(" ");
  assert.deepEqual(namesIn(text), expected);
});

test("stays out of what it is told to skip", () => {
  assert.deepEqual(namesIn("a(b)\nc\n", "call"), ["c"]);
  const kinds: string[] = [];
  walkStatements(moduleOf("def f():\n  a\nfor b in c:\n  return\n").body, (node) => {
    kinds.push(node.kind);
    return node.kind === "function" ? "skip" : undefined;
  });
  assert.deepEqual(kinds, ["function", "loop", "return"]);
});

test("gives the dotted text of names and attributes, and null for all else", () => {
  const [first, second] = moduleOf("torch.optim.Adam\nf().x\n").body;
  assert.equal(first?.kind === "expression" && dottedName(first.expression), "torch.optim.Adam");
  assert.equal(second?.kind === "expression" && dottedName(second.expression), null);
});
