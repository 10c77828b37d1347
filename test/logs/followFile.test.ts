import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type FileFollower, followFile } from "../../server/logs/followFile.ts";

let folder = "";
let path = "";
let follower: FileFollower | null = null;
let got = "";
let changes: string[] = [];

function follow(at: string): void {
  follower = followFile(
    at,
    {
      onBytes: (bytes) => {
        got += Buffer.from(bytes).toString("latin1");
      },
      onChange: (change, kept) => changes.push(kept > 0 ? `${change} ${kept}` : change),
    },
    { pollInterval: 20, settleTime: 30 },
  );
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + 8000;
  while (!condition()) {
    assert.ok(Date.now() < end, `${what}; got ${JSON.stringify(got.slice(-200))}, changes ${changes.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Rows that differ in each line, as a run's do. */
function rows(from: number, to: number, seed = 1): string {
  let text = "";
  for (let i = from; i < to; i++) {
    text += `${i},${((i * 7919 * seed) % 1000) / 1000},0.5\n`;
  }
  return text;
}

describe("following a file", () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "haywire-follow-"));
    path = join(folder, "log.csv");
    got = "";
    changes = [];
  });

  afterEach(async () => {
    await follower?.close();
    follower = null;
    await rm(folder, { recursive: true, force: true });
  });

  it("reads what is there and what is appended, in pieces that end anywhere", async () => {
    const all = rows(0, 200);
    await writeFile(path, all.slice(0, 100));
    follow(path);
    for (let at = 100; at < all.length; at += 37) {
      await appendFile(path, all.slice(at, at + 37));
      if (at % 5 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    }
    await until("everything", () => got === all);
    assert.deepEqual(changes, ["appeared"]);
  });

  it("goes on from the start when the file is cut and continued with other rows", async () => {
    await writeFile(path, rows(0, 100));
    follow(path);
    await until("the first part", () => got === rows(0, 100));
    await truncate(path, 0);
    await appendFile(path, rows(100, 130));
    await until("the rest", () => got === rows(0, 130));
    assert.deepEqual(changes, ["appeared", "cut"]);
  });

  it("reads a rotated file to its end before the new one", async () => {
    await writeFile(path, rows(0, 100));
    follow(path);
    await until("the first part", () => got.length > 0);
    await appendFile(path, rows(100, 140));
    await rename(path, `${path}.1`);
    await writeFile(path, rows(140, 150));
    await until("both", () => got === rows(0, 150));
    assert.deepEqual(changes, ["appeared", "continued"]);
  });

  it("joins a line that was cut in two by a rotation", async () => {
    const all = rows(0, 60);
    await writeFile(path, all.slice(0, 305));
    follow(path);
    await until("the first part", () => got.length === 305);
    await rename(path, `${path}.1`);
    await writeFile(path, all.slice(305));
    await until("the rest", () => got === all);
  });

  it("says that a run was begun anew when the same first line comes again", async () => {
    await writeFile(path, `step,loss,x\n${rows(0, 50)}`);
    follow(path);
    await until("the first run", () => got.length > 600);
    const first = got;
    await unlink(path);
    await until("that it is gone", () => changes.includes("gone"));
    await writeFile(path, `step,loss,x\n${rows(0, 10, 3)}`);
    await until("the second run", () => got === `${first}step,loss,x\n${rows(0, 10, 3)}`);
    assert.deepEqual(changes, ["appeared", "gone", "restarted"]);
  });

  it("keeps what is known when the file is cut to a part of itself", async () => {
    const all = rows(0, 200);
    await writeFile(path, all);
    follow(path);
    await until("everything", () => got === all);
    await truncate(path, 1000);
    await until("the cut", () => changes.includes("rewound 1000"));
    await appendFile(path, "more\n");
    await until("what came behind it", () => got === `${all}${all.slice(0, 1000)}more\n`);
  });

  it("loses and doubles nothing when a writer rewrites the same rows", async () => {
    await writeFile(path, rows(0, 100));
    follow(path);
    await until("the first part", () => got === rows(0, 100));
    await writeFile(path, rows(0, 120));
    await until("the new rows", () => got === rows(0, 120));
    await writeFile(join(folder, "new"), rows(0, 140));
    await rename(join(folder, "new"), path);
    await until("the rows of the replaced file", () => got === rows(0, 140));
    assert.deepEqual(changes, ["appeared"]);
  });

  it("says that everything comes again when the header was rewritten", async () => {
    await writeFile(path, `step,loss\n${rows(0, 50)}`);
    follow(path);
    await until("the first form", () => got.length > 500);
    got = "";
    const wider = `loss,step,val_loss\n${rows(0, 60, 2)}`;
    await writeFile(path, wider);
    await until("the second form", () => got === wider);
    assert.ok(changes.includes("rewritten"), changes.join());
  });

  it("waits for a file that appears later, through a symbolic link", async () => {
    const link = join(folder, "link.csv");
    await symlink(path, link);
    follow(link);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(got, "");
    await writeFile(path, rows(0, 3));
    await until("its rows", () => got === rows(0, 3));
    await appendFile(path, rows(3, 6));
    await until("more rows", () => got === rows(0, 6));
  });
});
