import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { withRuleTable } from "../server/report/ruleTable.ts";
import { rules } from "../server/rules/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README's table of rules is up to date (`npm run schemas` writes it), with a page behind each link", () => {
  assert.equal(withRuleTable(readme, rules), readme);
  for (const { name } of rules) {
    assert.ok(readme.includes(`](docs/rules/${name}.md)`), name);
    assert.ok(existsSync(new URL(`../docs/rules/${name}.md`, import.meta.url)), name);
  }
});

test("the README names the two commands that everything starts from", () => {
  assert.match(readme, /^npm start\b/m);
  assert.match(readme, /^npm test\b/m);
});
