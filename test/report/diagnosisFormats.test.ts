import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DiagnosisReport, ReportedVerdict } from "../../server/monitor/logDiagnosis.ts";
import { diagnosisMarkdown } from "../../server/report/diagnosisMarkdown.ts";
import { diagnosisSarif } from "../../server/report/diagnosisSarif.ts";
import { sarifSchemaAccepts as accepts } from "./sarifSchema.ts";

const verdict: ReportedVerdict = {
  kind: "loss-growth",
  headline: "Loss has grown since step 1,820",
  onset_step: 1820,
  onset_range: [1800, 1840],
  detected_step: 2000,
  confidence: 0.824,
  severity: "warning",
  evidence: ["train_loss 1.2 → 2.8", "<b>bold</b>"],
  causes: [{ cause: "learning-rate-high", why: "The learning rate is constant.", rules: ["learning-rate-high"] }],
  next_step: "Halve the learning rate, and change nothing else.",
  code: { filename: "src/train me.py", row: 38, column: 7 },
};

function report(changes: Partial<DiagnosisReport["runs"][number]> = {}): DiagnosisReport {
  const run = {
    name: "exp_1",
    sources: [{ path: "logs/exp 1.jsonl", format: "jsonl", records: 130, skipped: 0 }],
    steps: [20, 2600],
    series: [],
    verdicts: [verdict],
    checks: { ran: 3, silent: [{ kind: "overfitting" as const, why: "the log has no validation loss" }] },
    ...changes,
  };
  return { runs: [run], across_runs: [] };
}

describe("a diagnosis as Markdown", () => {
  it("has a section a run, with text from logs kept from being read as Markdown or HTML", () => {
    assert.equal(
      diagnosisMarkdown(report()),
      `## exp\\_1

jsonl, 130 records, steps 20–2,600

### warning: Loss has grown since step 1,820

\`loss-growth\`, 82 % sure

- train\\_loss 1.2 → 2.8
- \\<b\\>bold\\</b\\>

Consistent with:

- **learning-rate-high**: The learning rate is constant.

**Next:** Halve the learning rate, and change nothing else.

At \`src/train me.py:38:7\`

<details><summary>Not checked: 1</summary>

- overfitting: the log has no validation loss

</details>
`,
    );
  });

  it("says that nothing was found", () => {
    assert.match(diagnosisMarkdown(report({ verdicts: [] })), /\nNothing found: 3 checks ran\.\n/);
  });
});

describe("a diagnosis as SARIF", () => {
  it("is valid, and stands at the line of code with the log beside it", () => {
    const sarif = JSON.parse(diagnosisSarif(report(), "1.2.3"));
    accepts(sarif);
    assert.deepEqual(accepts.errors ?? [], []);
    const [result] = sarif.runs[0].results;
    assert.equal(result.ruleId, "loss-growth");
    assert.equal(sarif.runs[0].tool.driver.rules[result.ruleIndex].id, "loss-growth");
    assert.equal(result.level, "warning");
    assert.deepEqual(result.locations[0].physicalLocation, {
      artifactLocation: { uri: "src/train%20me.py" },
      region: { startLine: 38, startColumn: 7 },
    });
    assert.equal(result.relatedLocations[0].physicalLocation.artifactLocation.uri, "logs/exp%201.jsonl");
    assert.equal(result.properties.onset_step, 1820);
  });

  it("stands at the log where no line is known", () => {
    const sarif = JSON.parse(diagnosisSarif(report({ verdicts: [{ ...verdict, code: null }] }), "1.2.3"));
    const [result] = sarif.runs[0].results;
    assert.equal(result.locations[0].physicalLocation.artifactLocation.uri, "logs/exp%201.jsonl");
    assert.equal(result.relatedLocations, undefined);
  });
});
