import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { folderWith, keepsGraph, run } from "./command.ts";

const root = path.resolve(import.meta.dirname, "../..");
const hooks: readonly Readonly<Record<string, unknown>>[] = parse(
  readFileSync(path.join(root, ".pre-commit-hooks.yaml"), "utf8"),
);

test("the hook for pre-commit names a command that the package installs, and the tsx that it is built with", async () => {
  const [hook, ...others] = hooks;
  assert.deepEqual(others, []);
  assert.equal(hook?.id, "haywire");
  assert.equal(hook?.language, "node");
  const [bin, ...options] = String(hook?.entry).split(" ");
  assert.equal(bin, "haywire");
  assert.match(readFileSync(path.join(root, packageJson.bin.haywire), "utf8"), /^#!\/usr\/bin\/env node\n/);
  assert.deepEqual(hook?.additional_dependencies, [`tsx@${packageJson.devDependencies.tsx}`]);
  assert.deepEqual(hook?.types_or, ["python", "jupyter", "ts", "tsx", "javascript", "jsx", "yaml", "json"]);

  // pre-commit hands over names of files, excluded ones too.
  const cwd = folderWith({ "train.py": keepsGraph, "old/train.py": keepsGraph });
  writeFileSync(path.join(cwd, "haywire.toml"), 'exclude = ["old/**"]\n');
  const { status, stdout } = await run([...options, "train.py", "old/train.py"], { cwd });
  assert.equal(status, 1);
  assert.match(stdout, /^train\.py:11/m);
  assert.doesNotMatch(stdout, /old/);
  assert.match((await run(["check", "old/train.py"], { cwd })).stdout, /^old\/train\.py:11/m);
});

test("the README shows the hook by its id", () => {
  assert.match(readFileSync(path.join(root, "README.md"), "utf8"), /^ +- id: haywire$/m);
});
