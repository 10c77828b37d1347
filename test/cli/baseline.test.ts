import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderWith, keepsGraph, run } from "./command.ts";

test("after --write-baseline only new findings are told", async () => {
  const cwd = folderWith({ "src/train.py": keepsGraph, "other.py": keepsGraph });
  const written = await run(["check", "--write-baseline"], { cwd });
  assert.equal(written.status, 0);
  assert.equal(written.stdout, "haywire-baseline.json: 2 findings in 2 files accepted.\n");
  const clean = await run(["check"], { cwd });
  assert.equal(clean.status, 0);
  assert.match(clean.stdout, /^No findings in 2 files\. 2 findings accepted by the baseline\.$/m);
  assert.equal(clean.stderr, "");
  assert.match((await run(["check", "--no-baseline"], { cwd })).stdout, /^Found 2 findings/m);

  const again = keepsGraph.replace("print(total)\n", `print(total)\n${keepsGraph.slice(keepsGraph.indexOf("for x"))}`);
  writeFileSync(path.join(cwd, "src/train.py"), `# A new line above.\n${again}`);
  // From a folder below, the baseline above holds too.
  const more = await run(["check", "."], { cwd: path.join(cwd, "src") });
  assert.equal(more.status, 1);
  assert.match(more.stdout, /^train\.py:19:14: warning loss-keeps-graph/m);
  assert.match(more.stdout, /1 finding accepted by the baseline/);
});

test("what the baseline holds in vain is told, and taken out when it is written anew", async () => {
  const cwd = folderWith({ "a.py": keepsGraph, "b.py": keepsGraph, "c.py": keepsGraph });
  await run(["check", "--write-baseline"], { cwd });
  writeFileSync(path.join(cwd, "a.py"), keepsGraph.replace("total += loss", "total += loss.item()"));
  rmSync(path.join(cwd, "b.py"));
  const { status, stderr } = await run(["check"], { cwd });
  assert.equal(status, 0);
  assert.match(stderr, /^haywire: haywire-baseline\.json: 2 findings of the baseline occur no more\./m);
  // Of one file: what is accepted in the others stays, but for those that are gone.
  const written = await run(["check", "--write-baseline", "a.py"], { cwd });
  assert.equal(written.stdout, "haywire-baseline.json: 1 finding in 1 file accepted.\n");
  assert.equal((await run(["check"], { cwd })).stderr, "");
});

test("the baseline may have another name, which the settings tell", async () => {
  for (const option of [["--write-baseline=old.json"], ["--write-baseline", "old.json"]]) {
    const cwd = folderWith({ "train.py": keepsGraph });
    const written = await run(["check", ...option], { cwd });
    assert.match(written.stderr, /name it in the settings, so that it is used: baseline = "old\.json"/);
    assert.equal((await run(["check"], { cwd })).status, 1);
    writeFileSync(path.join(cwd, "haywire.toml"), 'baseline = "old.json"\n');
    assert.equal((await run(["check"], { cwd })).status, 0);
    assert.match(
      (await run(["check", "--show-settings"], { cwd })).stdout,
      /^baseline = .*old\.json" +# .*haywire\.toml:1$/m,
    );
    assert.equal((await run(["check", "--write-baseline"], { cwd })).stderr, "");
  }
});

test("a file that is no baseline is neither read as one nor overwritten", async () => {
  const cwd = folderWith({ "train.py": keepsGraph, "ds_config.json": '{"optimizer": {}}' });
  const { status, stderr } = await run(["check", "--write-baseline", "ds_config.json"], { cwd });
  assert.equal(status, 2);
  assert.match(stderr, /This is no baseline of haywire/);
  assert.equal(readFileSync(path.join(cwd, "ds_config.json"), "utf8"), '{"optimizer": {}}');
  writeFileSync(path.join(cwd, "haywire.toml"), 'baseline = "absent.json"\n');
  const absent = await run(["check"], { cwd });
  assert.equal(absent.status, 2);
  assert.match(absent.stderr, /The baseline cannot be read/);
});

test("nothing is accepted while a file cannot be read", async () => {
  const cwd = folderWith({ "train.py": keepsGraph });
  const { status, stderr } = await run(["check", "--write-baseline", "train.py", "absent.py"], { cwd });
  assert.equal(status, 2);
  assert.match(stderr, /no baseline was written/);
  assert.equal(existsSync(path.join(cwd, "haywire-baseline.json")), false);
});
