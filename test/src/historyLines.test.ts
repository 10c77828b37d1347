import assert from "node:assert/strict";
import { test } from "node:test";
import { bounded, historyLine } from "../../src/historyLines.ts";
import { runOf } from "./runOf.ts";

test("a run has one line, the newest, and the oldest runs are forgotten", () => {
  let history = "";
  for (let run = 0; run < 1100; run++) history = bounded(history, historyLine(runOf(`run ${run}`)));
  history = bounded(history, historyLine({ ...runOf("run 500"), state: "failed" }));
  const lines = history.trimEnd().split("\n");
  assert.equal(lines.length, 1000);
  assert.equal(lines.filter((line) => line.includes('"run 500"')).length, 1);
  assert.match(lines.at(-1) ?? "", /"run 500".*"failed"/);
  assert.ok(!history.includes('"run 99"'));
});

test("a torn line does not take the others with it", () => {
  const history = bounded('{"id": "a", "na\n', historyLine(runOf("b")));
  assert.equal(history.trimEnd().split("\n").length, 2);
});
