import assert from "node:assert/strict";
import { test } from "node:test";
import { areExclusive, branchOf, runsWith } from "../../server/facts/eventBranches.ts";

const under = (...branches: readonly (readonly [string, boolean])[]) => ({
  branches: branches.map(([text, taken]) => branchOf(text, taken)),
});

test("the two sides of one test exclude each other, however the test is written", () => {
  assert.ok(areExclusive(under(["use_amp", true]), under(["use_amp", false])));
  assert.ok(areExclusive(under(["not use_amp", true]), under(["(use_amp)", true])));
  assert.ok(areExclusive(under(["scaler is None", true]), under(["scaler is not None", true])));
  assert.ok(areExclusive(under(["i % 4 != 0", true]), under(["i % 4 == 0", true])));
  assert.ok(areExclusive(under(["a", true], ["use_amp", true]), under(["use_amp", false])));
});

test("different tests, joined tests and the same side exclude nothing", () => {
  assert.ok(!areExclusive(under(["use_amp", true]), under(["clip", false])));
  assert.ok(!areExclusive(under(["not a and b", true]), under(["a and b", true])));
  assert.ok(!areExclusive(under(["a", true]), under(["a", true])));
  assert.ok(!areExclusive({}, under(["a", false])));
});

test("what stands under no condition of its own runs with everything in it", () => {
  assert.ok(runsWith({}, under(["a", true])));
  assert.ok(runsWith(under(["a", true]), under(["a", true], ["b", false])));
  assert.ok(!runsWith(under(["a", true]), {}));
  assert.ok(!runsWith(under(["a", true]), under(["a", false])));
});
