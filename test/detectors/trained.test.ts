import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { detectorKinds } from "../../server/detectors/index.ts";
import { readCases } from "../score/cases.ts";
import { matchCase } from "../score/match.ts";
import { readRuns, saidOf } from "../score/ours.ts";

const cases = readCases(fileURLToPath(new URL("../runs/trained", import.meta.url)));

/** Runs whose failure the log shows too little of; `npm run score` prints them. */
const known = new Set([
  "batch-norm-bursts",
  "growth-long-warmup",
  "twins-amsgrad",
  "vanishing-sigmoid",
  "vanishing-tanh-small",
]);

describe("trained runs", () => {
  for (const at of cases) {
    it(at.healthy ? `stays silent on ${at.name}` : `finds what failed in ${at.name}`, async () => {
      const { runs, across } = await readRuns(at);
      const matched = matchCase(at, [...runs.flatMap((run) => saidOf(at, run)), ...across]);
      const wrong = matched.filter(({ outcome }) => outcome === "wrong");
      assert.deepEqual(wrong, []);
      const missed = matched.filter(({ outcome }) => outcome === "missed");
      if (!known.has(at.name)) assert.deepEqual(missed, []);
    });
  }

  it("are at least forty, and every kind of detector has one that fails so", () => {
    assert.ok(cases.length >= 40);
    const kinds = new Set(cases.flatMap(({ verdicts }) => verdicts.flatMap((verdict) => verdict.kinds)));
    for (const { kind } of detectorKinds) assert.ok(kinds.has(kind), kind);
  });
});

describe("detectors", () => {
  for (const { kind } of detectorKinds) {
    it(`${kind} has its document`, () => {
      const room = path.join(fileURLToPath(new URL("../../server/detectors", import.meta.url)));
      assert.ok(existsSync(path.join(room, `${kind}.md`)));
    });
  }
});
