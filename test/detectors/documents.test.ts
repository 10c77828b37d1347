import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { verdictKinds } from "../../server/detectors/verdict.ts";

const folder = new URL("../../docs/verdicts/", import.meta.url);
const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));
const sections = ["What to do now", "How it is told", "What it is not"];

describe("the pages of the verdicts", () => {
  it("are one a kind, and no other", () => {
    assert.deepEqual(pages.toSorted(), verdictKinds.map((kind) => `${kind}.md`).toSorted());
  });

  for (const kind of verdictKinds) {
    it(`${kind} says what to do, how it is told and what it is not, and its links lead somewhere`, () => {
      const page = readFileSync(new URL(`${kind}.md`, folder), "utf8");
      assert.ok(page.startsWith(`# ${kind}\n`));
      for (const section of sections) assert.match(page, new RegExp(`^## ${section}$`, "m"));
      for (const [, target = ""] of page.matchAll(/\]\(([^)]+)\)/g)) {
        assert.ok(existsSync(new URL(target, folder)), `${target} is not there`);
      }
      for (const [, name = ""] of page.matchAll(/`([a-z]+(?:-[a-z0-9]+)+)`/g)) {
        assert.ok(existsSync(new URL(`../rules/${name}.md`, folder)), `${name} is no rule`);
      }
    });
  }
});
