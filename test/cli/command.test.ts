import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { rules } from "../../server/rules/index.ts";
import { folderWith, keepsGraph, run } from "./command.ts";

const root = path.resolve(import.meta.dirname, "../..");

test("--help lists the commands, and each command has help of its own", async () => {
  const { status, stdout } = await run(["--help"]);
  assert.equal(status, 0);
  const commands = [...stdout.matchAll(/^ {2}(\w+) {2}/gm)].map((match) => match[1] ?? "");
  assert.deepEqual(commands, ["check", "diagnose", "watch", "changes", "rule", "lsp"]);
  for (const name of commands) {
    const help = await run([name, "--help"]);
    assert.equal(help.status, 0);
    assert.match(help.stdout, new RegExp(`^Usage: haywire ${name}`));
    assert.deepEqual(await run(["help", name]), help);
  }
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  assert.equal((await run(["--version"])).stdout, `${version}\n`);
});

test("rule lists every rule, and prints one's document without the marks of its examples", async () => {
  const list = (await run(["rule"])).stdout;
  for (const { name, title } of rules) assert.ok(list.includes(name) && list.includes(title), name);
  const one = await run(["rule", "learning-rate-high"]);
  assert.match(one.stdout, /^# /);
  assert.doesNotMatch(one.stdout, /\^\^\^/);
  const none = await run(["rule", "no-such-rule"]);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /no-such-rule/);
});

test("as a process it lints, exits with the status, and a reader that stops early is no error", () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  const entry = path.join(root, "server/cliMain.ts");
  const node = [process.execPath, "--import", path.join(root, "node_modules/tsx/dist/loader.mjs"), entry];
  const check = spawnSync(node[0] ?? "", [...node.slice(1), "check"], { cwd, encoding: "utf8" });
  assert.equal(check.status, 1);
  assert.match(check.stdout, /^train\.py:11:14:/m);
  const quoted = node.map((word) => `'${word}'`).join(" ");
  const piped = spawnSync("sh", ["-c", `${quoted} rule missing-gradient-clipping | head -n 1`], {
    cwd,
    encoding: "utf8",
  });
  assert.equal(piped.stderr, "");
  assert.equal(piped.stdout.split("\n").length, 2);
});
