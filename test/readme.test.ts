import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rules } from "../server/rules/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the rules that the README lists exist, with a page behind each link", () => {
  const rows = [...readme.matchAll(/^\| \[`([a-z0-9-]+)`\]\(docs\/rules\/\1\.md\) \| \S.* \|$/gm)].map(
    ([, name]) => name,
  );
  const known = new Set(rules.map(({ name }) => name));
  assert.ok(rows.length >= 9);
  assert.deepEqual(
    rows.filter((name) => !known.has(name ?? "")),
    [],
  );
});

test("the README names the two commands that everything starts from", () => {
  assert.match(readme, /^npm start\b/m);
  assert.match(readme, /^npm test\b/m);
});
