import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { logPatternsFor } from "../../server/config/logPatterns.ts";
import { textWith } from "../../server/logs/text.ts";
import { diagnoseLogs } from "../../server/monitor/diagnoseLogs.ts";
import { linePattern } from "../../server/text/linePattern.ts";

const log = "k=12 / A~0.5 (train)\nk=24 / A~nan (eval)\nstep 36 | loss: 0.25\n";

describe("a user's own pattern for lines", () => {
  it("names the columns of lines that are not understood by themselves, and leaves the others alone", () => {
    const pattern = linePattern("k=(?<step>\\d+) / A~(?<loss>\\S+) \\((?<phase>\\w+)\\)");
    assert.ok(pattern);
    const reader = textWith([pattern]).createReader();
    const records = [...reader.push(Buffer.from(log)), ...reader.finish()];
    assert.deepEqual(
      records.map(({ values, phase }) => [Object.fromEntries(values), phase]),
      [
        [{ step: 12, loss: 0.5 }, "train"],
        [{ step: 24, loss: Number.NaN }, "val"],
        [{ step: 36, loss: 0.25 }, undefined],
      ],
    );
  });

  it("is refused when it is no regular expression or names no group", () => {
    assert.equal(linePattern("(?<loss>"), null);
    assert.equal(linePattern("loss (\\d+)"), null);
  });

  it("stands in the settings file beside the log", async () => {
    const folder = await mkdtemp(join(tmpdir(), "haywire-"));
    try {
      await writeFile(join(folder, "haywire.toml"), "logPatterns = ['k=(?<step>\\d+) / A~(?<loss>\\S+)']\n");
      await writeFile(join(folder, "run.log"), log);
      const { value } = await diagnoseLogs([join(folder, "run.log")], { patternsFor: logPatternsFor });
      assert.deepEqual(
        value.runs[0]?.series.map(({ name, role, points }) => [name, role, points]),
        [["loss", "train-loss", 3]],
      );
      assert.deepEqual(value.runs[0]?.steps, [12, 36]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
