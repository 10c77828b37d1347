import assert from "node:assert/strict";
import { test } from "node:test";
import { createParsers } from "../../server/lint/loadParsers.ts";

test("chooses the parser by the extension, and has none for other files", async () => {
  const parsers = createParsers();
  for (const path of ["a.py", "b/c.PYI", "d.ipynb"]) {
    assert.equal((await parsers.forPath(path))?.open("x = 1").module.language, "python");
  }
  for (const path of ["a.ts", "b.tsx", "c.js", "d.mjs", "e.cjs", "f.jsx", "g.mts", "h.cts"]) {
    assert.equal((await parsers.forPath(path))?.open("x = 1").module.language, "typescript");
  }
  for (const path of ["ds_config.json", "a.yaml", "b.yml"]) {
    assert.equal((await parsers.forPath(path))?.open("{}").module.language, "configuration");
  }
  for (const path of ["a.toml", "py", "notes.txt"]) assert.equal(await parsers.forPath(path), null);
});

test("loads a parser once", async () => {
  const parsers = createParsers();
  assert.equal(await parsers.forPath("a.py"), await parsers.forPath("b.ipynb"));
});
