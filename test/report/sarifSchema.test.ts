import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { rules } from "../../server/rules/index.ts";
import { parseRuleDocument } from "../../server/rules/ruleDocument.ts";
import { folderWith, keepsGraph, run } from "../cli/command.ts";
import { sarifSchemaAccepts as accepts } from "./sarifSchema.ts";

/** Every example of every rule's document as a file, one notebook, and what does not parse. */
function everything(): Readonly<Record<string, string>> {
  const files: Record<string, string> = { "torn file.py": `${keepsGraph}for (\n` };
  for (const { name } of rules) {
    const document = readFileSync(new URL(`../../server/rules/${name}.md`, import.meta.url), "utf8");
    for (const [index, { kind, language, code }] of parseRuleDocument(document).examples.entries()) {
      if (kind !== "invalid") continue;
      files[`${name}/${index}.${language}`] = code;
      if (language !== "py" || index > 0) continue;
      const cell = { cell_type: "code", metadata: {}, outputs: [], execution_count: null, source: [code] };
      files[`${name}.ipynb`] = JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] });
    }
  }
  return files;
}

describe("check --format sarif", () => {
  it("is valid under SARIF's own schema, whatever is found", async () => {
    const { stdout } = await run(["check", "--format", "sarif", "."], { cwd: folderWith(everything()) });
    const log = JSON.parse(stdout);
    accepts(log);
    assert.deepEqual(accepts.errors?.slice(0, 5) ?? [], []);
    const [found] = log.runs;
    const ruleIds = new Set(found.results.map(({ ruleId }: { ruleId: string }) => ruleId));
    assert.ok(ruleIds.size > rules.length / 2, [...ruleIds].join());
    assert.ok(found.invocations[0].toolExecutionNotifications.length > 0);
    for (const { ruleId, ruleIndex } of found.results) assert.equal(found.tool.driver.rules[ruleIndex].id, ruleId);
  });

  it("would be refused with a place that SARIF cannot have", () => {
    const region = { startLine: 0 };
    const location = { physicalLocation: { artifactLocation: { uri: "a.py" }, region } };
    const result = { message: { text: "x" }, locations: [location] };
    const log = { version: "2.1.0", runs: [{ tool: { driver: { name: "haywire" } }, results: [result] }] };
    assert.equal(accepts(log), false);
    region.startLine = 1;
    assert.equal(accepts(log), true);
  });
});
