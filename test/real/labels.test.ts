import assert from "node:assert/strict";
import { test } from "node:test";
import { rules } from "../../server/rules/index.ts";
import { readLabels, readScripts } from "./labels.ts";

test("labels are of their form, speak of listed scripts and of rules that exist, and judge a place once", () => {
  const scripts = new Set(readScripts().map(({ repository, commit, path }) => `${repository} ${commit} ${path}`));
  assert.ok(scripts.size >= 150);
  const known = new Set(rules.map(({ name }) => name));
  const places = new Set<string>();
  for (const { repository, commit, path, rule, line, verdict, why } of readLabels()) {
    const place = `${repository} ${path} ${rule} ${line}`;
    assert.ok(scripts.has(`${repository} ${commit} ${path}`), `${place}: the script is not listed`);
    assert.ok(known.has(rule), `${place}: there is no such rule`);
    assert.ok(!places.has(place), `${place}: judged twice`);
    assert.ok(verdict === "true" || why !== "", `${place}: no reason`);
    places.add(place);
  }
});
