import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderWith, run } from "./command.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** `node -e` program that prints a loss a line, the last ones NaN, and ends with this status. */
const trainer = (status: number) =>
  `for (let step = 0; step < 60; step++) console.log("step " + step + " loss " + (step < 40 ? (1 / (step + 1)).toFixed(4) : "nan"));
   console.error("done"); process.exitCode = ${status};`;

function haywire(argv: readonly string[], cwd: string) {
  const child = spawn(
    process.execPath,
    ["--import", path.join(root, "node_modules/tsx/dist/loader.mjs"), path.join(root, "server/cliMain.ts"), ...argv],
    { cwd, stdio: ["pipe", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const until = async (accepts: () => boolean) => {
    for (let tries = 0; tries < 500 && !accepts(); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(accepts(), `stdout: ${stdout}\nstderr: ${stderr}`);
  };
  return { child, ended, until, stdout: () => stdout, stderr: () => stderr };
}

test("watch -- CMD passes output and exit status through, and says on standard error what went wrong", async () => {
  const cwd = folderWith({});
  const { status, stdout, stderr } = await run(["watch", "--", process.execPath, "-e", trainer(3)], { cwd });
  assert.equal(status, 3);
  const expected = Array.from(
    { length: 60 },
    (_, step) => `step ${step} loss ${step < 40 ? (1 / (step + 1)).toFixed(4) : "nan"}\n`,
  );
  assert.equal(stdout, expected.join(""));
  assert.match(stderr, /^done$/m);
  assert.match(stderr, /^haywire: node: .*\(non-finite, /m);
});

test("watch -- CMD tells a verdict that it reached at the very end of its script", async () => {
  const cwd = folderWith({ "train.js": `// @tensorflow/tfjs\n${trainer(0)}` });
  const { status, stderr } = await run(["watch", "--", process.execPath, "train.js"], { cwd });
  assert.equal(status, 0);
  assert.match(stderr, /^haywire: train\.js: .*\(non-finite, /m);
});

test("watch -- CMD says nothing of a run that goes well", async () => {
  const cwd = folderWith({});
  const { status, stderr } = await run(
    ["watch", "--", process.execPath, "-e", 'for (let s = 0; s < 50; s++) console.log("step", s, "loss", 1 / (s + 1))'],
    { cwd },
  );
  assert.equal(status, 0);
  assert.equal(stderr, "");
});

test("watch -- CMD gives the command its standard input and its own options", async () => {
  const cwd = folderWith({});
  const echo = "process.stdin.pipe(process.stdout); process.stderr.write(process.argv.slice(1).join())";
  const { status, stdout, stderr } = await run(
    ["watch", "--", process.execPath, "-e", echo, "--", "--code", "x", "-h"],
    {
      cwd,
      stdin: "from outside",
    },
  );
  assert.equal(status, 0);
  assert.equal(stdout, "from outside");
  assert.equal(stderr, "--code,x,-h");
});

test("watch -- CMD that does not exist, and watch with nothing, are one message and 2", async () => {
  const cwd = folderWith({});
  const absent = await run(["watch", "--", "no-such-program-here"], { cwd });
  assert.equal(absent.status, 2);
  assert.match(absent.stderr, /no-such-program-here/);
  assert.equal((await run(["watch"], { cwd })).status, 2);
  assert.equal((await run(["watch", "--"], { cwd })).status, 2);
  assert.equal((await run(["watch", "--code", "absent.py", "--", "true"], { cwd })).status, 2);
});

for (const [signal, status] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  test(`watch -- CMD passes ${signal} on and ends as the command does`, async () => {
    const cwd = folderWith({});
    const dies = haywire(
      ["watch", "--", process.execPath, "-e", 'console.log("up"); setInterval(() => {}, 1000)'],
      cwd,
    );
    await dies.until(() => dies.stdout().includes("up"));
    dies.child.kill(signal);
    assert.equal(await dies.ended, status);

    const handles = `process.on("${signal}", () => { console.log("saved"); process.exit(7); }); console.log("up"); setInterval(() => {}, 1000)`;
    const saves = haywire(["watch", "--", process.execPath, "-e", handles], cwd);
    await saves.until(() => saves.stdout().includes("up"));
    saves.child.kill(signal);
    assert.equal(await saves.ended, 7);
    assert.equal(saves.stdout(), "up\nsaved\n");
  });
}

test("watch LOG follows a growing file, tells a verdict when it is reached, and ends with 1 at Ctrl-C", async () => {
  const cwd = folderWith({ "log.jsonl": "" });
  const log = path.join(cwd, "log.jsonl");
  const line = (step: number, loss: number | string) => `{"step": ${step}, "loss": ${loss}}\n`;
  writeFileSync(log, Array.from({ length: 60 }, (_, step) => line(step, 1)).join(""));
  const watching = haywire(["watch", "log.jsonl"], cwd);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(watching.stdout(), "");
  appendFileSync(log, Array.from({ length: 20 }, (_, index) => line(60 + index, "NaN")).join(""));
  await watching.until(() => watching.stdout().includes("non-finite"));
  assert.doesNotMatch(watching.stdout(), /\u001b/);
  watching.child.kill("SIGINT");
  assert.equal(await watching.ended, 1);
});

test("watch LOG shows the live state on a terminal, and ends with 0 when nothing went wrong", async () => {
  const cwd = folderWith({ "log.jsonl": '{"step": 1, "loss": 0.5}\n{"step": 2, "loss": 0.25}\n' });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 1500);
  const { status, stdout } = await run(["watch", "log.jsonl"], { cwd, isTTY: true, stop: stop.signal });
  assert.equal(status, 0);
  assert.match(stdout, /\r\u001b\[2Klog.* step 2 · loss 0\.2500/);
  assert.ok(stdout.endsWith("\r\u001b[2K"));
});

test("watch LOG waits for a log that is not there yet, and says so", async () => {
  const cwd = folderWith({});
  const stop = new AbortController();
  const log = path.join(cwd, "late.jsonl");
  setTimeout(() => writeFileSync(log, '{"step": 1, "loss": 0.5}\n{"step": 2, "loss": NaN}\n'.repeat(3)), 300);
  setTimeout(() => stop.abort(), 4000);
  const { status, stdout, stderr } = await run(["watch", "late.jsonl"], { cwd, stop: stop.signal });
  assert.equal(stderr, "haywire: waiting for late.jsonl\n");
  assert.match(stdout, /non-finite/);
  assert.equal(status, 1);
});

/** Prints losses until it is asked to end; the loss is NaN from step 40 on. */
const endless = `let step = 0;
   process.on("SIGINT", () => { console.log("saved"); process.exit(0); });
   setInterval(() => console.log("step " + step + " loss " + (step++ < 40 ? (1 / step).toFixed(4) : "nan")), 5);`;

test("watch --stop-on ends the command with SIGINT at a verdict of that kind, with exit status 3", async () => {
  const stopped = haywire(
    ["watch", "--stop-on", "loss-growth,non-finite", "--", process.execPath, "-e", endless],
    folderWith({}),
  );
  assert.equal(await stopped.ended, 3);
  assert.match(stopped.stdout(), /\nsaved\n$/);
  assert.match(stopped.stderr(), /^haywire: non-finite ends the run, as --stop-on asks\.$/m);
});

test("watch --stop-on leaves a command alone at verdicts of other kinds", async () => {
  const { status, stderr } = await run(
    ["watch", "--stop-on", "overfitting", "--", process.execPath, "-e", trainer(5)],
    { cwd: folderWith({}) },
  );
  assert.equal(status, 5);
  assert.match(stderr, /\(non-finite, /);
  assert.doesNotMatch(stderr, /ends the run/);
});

test("watch LOG --stop-on ends by itself at the verdict", async () => {
  const line = (step: number) => `{"step": ${step}, "loss": ${step < 60 ? 1 : "NaN"}}\n`;
  const cwd = folderWith({ "log.jsonl": Array.from({ length: 80 }, (_, step) => line(step)).join("") });
  const { status, stdout } = await run(["watch", "log.jsonl", "--stop-on", "non-finite"], { cwd });
  assert.equal(status, 3);
  assert.match(stdout, /non-finite/);
});

test("watch --stop-on names the kinds when it is given another word", async () => {
  const { status, stderr } = await run(["watch", "log.jsonl", "--stop-on", "non-finit"], { cwd: folderWith({}) });
  assert.equal(status, 2);
  assert.match(stderr, /--stop-on takes non-finite, loss-growth, .*"non-finit" \(did you mean non-finite\?\)/);
});
