import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { readSnapshot, withCommandLine } from "../../server/snapshots/snapshot.ts";
import { folderWith, git, run } from "./command.ts";

const script = (lr: number, epochs: number, dropout: number) => `// @tensorflow/tfjs
import * as tf from "@tensorflow/tfjs";
const LEARNING_RATE = ${lr};
const EPOCHS = ${epochs};
const DROPOUT = ${dropout};
const SEED = 1;
const BATCH_SIZE = 32;
const optimizer = tf.train.adam(LEARNING_RATE);
`;

/** A repository whose script is committed with these values, and has others now. */
function repository(): string {
  const cwd = folderWith({ "train.mjs": script(0.001, 5, 0.1), "other.txt": "a\n", "run.mjs": "" });
  git(cwd, "init", "-q");
  git(cwd, "add", ".");
  git(cwd, "commit", "-qm", "first");
  writeFileSync(path.join(cwd, "train.mjs"), script(0.002, 5, 0.1));
  writeFileSync(path.join(cwd, "other.txt"), "b\n");
  return cwd;
}

test("watch -- CMD keeps what the run was started with: settings, command, commit and what was not committed", async () => {
  const cwd = repository();
  // The script itself would need its library: another program stands for Python here.
  const command = [process.execPath, "-e", "console.log('loss 1')", "train.mjs", "--lr", "3"];
  const { status, stdout } = await run(["watch", "--", ...command], { cwd });
  assert.equal(status, 0);
  assert.equal(stdout, "loss 1\n");
  const [name, ...others] = readdirSync(path.join(cwd, ".haywire/runs"));
  assert.deepEqual(others, []);
  const snapshot = readSnapshot(readFileSync(path.join(cwd, ".haywire/runs", name ?? ""), "utf8"));
  assert.equal(snapshot?.script, "train.mjs");
  assert.deepEqual(snapshot?.command, command);
  assert.match(snapshot?.commit ?? "", /^[0-9a-f]{40}$/);
  assert.match(snapshot?.diff ?? "", /^-const LEARNING_RATE = 0\.001;\n\+const LEARNING_RATE = 0\.002;$/m);
  assert.match(snapshot?.diff ?? "", /^--- other\.txt\n\+\+\+ other\.txt\n@@ -1 \+1 @@\n-a\n\+b$/m);
  const rate = snapshot?.hyperparameters.find((each) => each.name === "LEARNING_RATE");
  assert.deepEqual([rate?.value, rate?.place], [0.002, "line 3"]);

  writeFileSync(path.join(cwd, "train.mjs"), script(0.002, 9, 0.3));
  const last = await run(["changes", "--since", "last", "train.mjs"], { cwd });
  assert.equal(
    last.stdout,
    "train.mjs:4: EPOCHS 5 → 9  (was: line 4)\ntrain.mjs:5: DROPOUT 0.1 → 0.3  (was: line 5)\n",
  );
  const byName = await run(["changes", "--since", snapshot?.name ?? "", "train.mjs"], { cwd });
  assert.equal(byName.stdout, last.stdout);
  // HEAD is another state; a check compares with the last run.
  assert.match((await run(["changes", "train.mjs"], { cwd })).stdout, /LEARNING_RATE 0\.001 → 0\.002/);
  writeFileSync(path.join(cwd, "haywire.toml"), "[rules.many-hyperparameters-changed]\nthreshold = 2\n");
  const check = await run(["check", "train.mjs"], { cwd });
  assert.match(
    check.stdout,
    /2 hyperparameters differ from the run of \d{4}-\d\d-\d\d \d\d:\d\d \(EPOCHS 5 → 9, DROPOUT 0\.1 → 0\.3\)/,
  );
  assert.equal(readFileSync(path.join(cwd, ".haywire/.gitignore"), "utf8"), "*\n");
});

test("what the command line gave stands for the option's default", () => {
  const each = { valueText: "1", place: "line 1" };
  const found = withCommandLine({
    version: 1,
    name: "a",
    startedAt: "2026-01-01T00:00:00Z",
    script: "a.py",
    command: ["python", "a.py", "--lr", "3e-4", "--weight-decay=0.1", "--amp", "--seed"],
    commit: null,
    diff: "",
    hyperparameters: [
      { ...each, name: "args.lr", value: 1 },
      { ...each, name: "args.weight_decay", value: 1 },
      { ...each, name: "args.amp", value: 1 },
      { ...each, name: "lr", value: 1 },
    ],
  });
  assert.deepEqual(
    found.map(({ value, place }) => [value, place]),
    [
      [0.0003, "--lr on the command line"],
      [0.1, "--weight-decay on the command line"],
      [1, "line 1"],
      [1, "line 1"],
    ],
  );
});

test("changes --since a log folder compares with what was logged there", async () => {
  const cwd = folderWith({
    "train.mjs": script(0.002, 5, 0.1),
    "logs/version_0/hparams.yaml": "lr: 0.001\nepochs: 5\nother: 3\n",
  });
  const { status, stdout } = await run(["changes", "--since", "logs", "train.mjs"], { cwd });
  assert.equal(status, 0);
  assert.equal(stdout, "train.mjs:3: LEARNING_RATE 0.001 → 0.002  (was: version_0/hparams.yaml)\n");
});

test("changes says what it looked for where there is nothing to compare with", async () => {
  const cwd = folderWith({ "train.mjs": script(0.002, 5, 0.1), "logs/params.json": '{"depth": 3}' });
  const nowhere = await run(["changes", "--since", "exp1", "train.mjs"], { cwd });
  assert.equal(nowhere.status, 2);
  assert.match(
    nowhere.stderr,
    /git has no such file at exp1, no log there tells settings, and no run of it has been kept/,
  );
  const foreign = await run(["changes", "--since", "logs", "train.mjs"], { cwd });
  assert.match(foreign.stderr, /none of the 1 settings that logs logs is one of this file/);
  assert.match((await run(["changes", "--since", "last", "train.mjs"], { cwd })).stderr, /no run of it has been kept/);
});

test("no program that a repository names is run by git", async () => {
  const cwd = repository();
  const touched = path.join(cwd, "touched");
  const program = `touch ${touched}; cat`;
  git(cwd, "config", "filter.evil.clean", program);
  git(cwd, "config", "filter.evil.smudge", program);
  git(cwd, "config", "diff.evil.textconv", `touch ${touched}; cat`);
  git(cwd, "config", "diff.external", `touch ${touched}; true`);
  git(cwd, "config", "core.fsmonitor", `touch ${touched}; true`);
  git(cwd, "config", "core.pager", `touch ${touched}; cat`);
  git(cwd, "config", "core.hooksPath", cwd);
  writeFileSync(path.join(cwd, ".gitattributes"), "* filter=evil diff=evil\n");
  writeFileSync(path.join(cwd, "train.mjs"), script(0.003, 6, 0.2));
  assert.match((await run(["changes", "train.mjs"], { cwd })).stdout, /LEARNING_RATE 0\.001 → 0\.003/);
  await run(["check", "."], { cwd });
  await run(["watch", "--", process.execPath, "-e", "0", "train.mjs"], { cwd });
  assert.equal(readdirSync(path.join(cwd, ".haywire/runs")).length, 1);
  assert.equal(existsSync(touched), false);
});
