import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "sarif";
import { emptyFacts } from "../../server/facts/emptyFacts.ts";
import type { Diagnostic } from "../../server/lint/diagnostic.ts";
import { githubReport } from "../../server/report/githubReport.ts";
import { jsonReport } from "../../server/report/jsonReport.ts";
import { jsonText } from "../../server/report/jsonText.ts";
import { locateIn, type ReportedFile } from "../../server/report/reportedFile.ts";
import { sarifReport } from "../../server/report/sarifReport.ts";
import { statisticsReport } from "../../server/report/statistics.ts";
import { textReport } from "../../server/report/textReport.ts";
import { rules } from "../../server/rules/index.ts";
import { cellAt, readNotebook } from "../../server/text/notebook.ts";

const text = 'import torch\n\nname = "😀"; optimizer.step()\nend()\n';
const start = text.indexOf("optimizer");
const end = start + "optimizer.step()".length;

const finding: Diagnostic = {
  rule: "missing-gradient-clipping",
  severity: "warning",
  message: "Nothing clips.\nClip.",
  start,
  end,
  fixes: [
    {
      title: "Clip the gradient norm",
      applicability: "unsafe",
      edits: [{ start, end: start, newText: "clip()\n" }],
    },
    { title: "Other", applicability: "safe", edits: [{ start, end, newText: "" }] },
  ],
  related: [
    { path: "/home/u/train.py", start: 7, end: 12, message: "the optimizer is built here" },
    { path: "/home/u/other.py", start: 0, end: 1, message: "in another file" },
  ],
  url: "docs/rules/missing-gradient-clipping.md",
};

function reported(changes: Partial<ReportedFile> = {}): ReportedFile {
  return {
    path: "src/train me.py",
    text,
    locate: locateIn(text),
    diagnostics: [finding],
    problems: [],
    suppressed: 0,
    accepted: 0,
    facts: emptyFacts("/home/u/train.py"),
    ...changes,
  };
}

describe("JSON report", () => {
  it("has exactly the shape of ruff's, with columns in code points", () => {
    const fix = {
      message: "Clip the gradient norm",
      applicability: "unsafe",
      edits: [{ content: "clip()\n", location: { row: 3, column: 13 }, end_location: { row: 3, column: 13 } }],
    };
    const other = {
      message: "Other",
      applicability: "safe",
      edits: [{ content: "", location: { row: 3, column: 13 }, end_location: { row: 3, column: 29 } }],
    };
    assert.deepEqual(JSON.parse(jsonReport([reported()])), [
      {
        filename: "src/train me.py",
        code: "missing-gradient-clipping",
        severity: "warning",
        message: "Nothing clips.\nClip.",
        location: { row: 3, column: 13 },
        end_location: { row: 3, column: 29 },
        cell: null,
        fix,
        fixes: [fix, other],
        related: [
          { message: "the optimizer is built here", filename: "src/train me.py", location: { row: 1, column: 8 } },
        ],
        url: "docs/rules/missing-gradient-clipping.md",
      },
    ]);
  });

  it("is an empty array without findings, and null without fixes", () => {
    assert.equal(jsonReport([reported({ diagnostics: [] })]), "[]\n");
    const [first] = JSON.parse(jsonReport([reported({ diagnostics: [{ ...finding, fixes: [], related: [] }] })]));
    assert.equal(first.fix, null);
    assert.deepEqual(first.fixes, []);
  });

  it("counts rows within a notebook's cell, and cells with the Markdown ones", () => {
    const cell = (type: string, source: string[]) => ({ cell_type: type, source, metadata: {}, outputs: [] });
    const json = JSON.stringify({ cells: [cell("markdown", ["# hi"]), cell("code", ["a = 1\n", "  step()"])] });
    const notebook = readNotebook("n.ipynb", json).value;
    const at = notebook.text.indexOf("step");
    const file = reported({
      text: notebook.text,
      locate: (offset) => cellAt(notebook, offset) ?? { row: 1, column: 1, cell: null },
      diagnostics: [{ ...finding, start: at, end: at + 6, fixes: [], related: [] }],
    });
    const [first] = JSON.parse(jsonReport([file]));
    assert.equal(first.cell, 2);
    assert.deepEqual(
      [first.location, first.end_location],
      [
        { row: 2, column: 3 },
        { row: 2, column: 9 },
      ],
    );
    assert.match(textReport([file], { colour: false }), /^src\/train me\.py:cell 2:2:3: warning/);
  });

  it("says numbers that JSON lacks as strings", () => {
    assert.equal(
      jsonText([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5]),
      '[\n  "NaN",\n  "Infinity",\n  "-Infinity",\n  1.5\n]\n',
    );
  });
});

describe("text report", () => {
  it("shows place, severity, rule, message, code frame, fix and counts", () => {
    const file = reported({
      diagnostics: [{ ...finding, message: "Nothing clips. Clip." }],
      suppressed: 2,
      accepted: 1,
    });
    assert.equal(
      textReport([file], { colour: false }),
      [
        "src/train me.py:3:13: warning missing-gradient-clipping Nothing clips. Clip.",
        "  |",
        "1 | import torch",
        "2 |",
        '3 | name = "😀"; optimizer.step()',
        "  |             ^^^^^^^^^^^^^^^^",
        "  |",
        "   = fix, changes training: Clip the gradient norm (and 1 more)",
        "",
        "Found 1 finding in 1 file: 1 warning. 1 can be fixed with --fix. 2 findings silenced by comments. 1 finding accepted by the baseline.",
        "",
      ].join("\n"),
    );
  });

  it("is coloured only when told to", () => {
    const escapeSign = String.fromCharCode(27);
    assert.ok(textReport([reported()], { colour: true }).includes(`${escapeSign}[33mwarning${escapeSign}[39m`));
    assert.ok(!textReport([reported()], { colour: false }).includes(escapeSign));
  });

  it("lets no escape sequence of the source or a path through", () => {
    const evil = "a = '\u001b[2J\u009b'; step()\n";
    const at = evil.indexOf("step");
    const file = reported({
      path: "x\u001b]0;.py",
      text: evil,
      locate: locateIn(evil),
      diagnostics: [{ ...finding, start: at, end: at + 4, related: [], fixes: [] }],
    });
    assert.ok(!/[\u001b\u009b]/.test(textReport([file], { colour: false })));
  });

  it("cuts long lines around the span and keeps the marks under it", () => {
    const long = `${"x".repeat(5000)} = 1; step(); ${"y".repeat(5000)}\n`;
    const at = long.indexOf("step()");
    const file = reported({
      text: long,
      locate: locateIn(long),
      diagnostics: [{ ...finding, start: at, end: at + 6, related: [], fixes: [] }],
    });
    const lines = textReport([file], { colour: false }).split("\n");
    const frame = lines.findIndex((line) => line.includes("step()"));
    assert.ok((lines[frame] ?? "").length < 200);
    assert.equal(lines[frame]?.indexOf("step()"), lines[frame + 1]?.indexOf("^"));
  });

  it("keeps tabs before the marks", () => {
    const tabbed = "if x:\n\tstep()\n";
    const file = reported({
      text: tabbed,
      locate: locateIn(tabbed),
      diagnostics: [{ ...finding, start: 7, end: 13, related: [], fixes: [] }],
    });
    assert.ok(textReport([file], { colour: false }).includes("  | \t^^^^^^\n"));
  });

  it("says problems with their row, and counts alone when quiet", () => {
    const file = reported({
      diagnostics: [],
      problems: [{ path: "train.py", offset: start, message: "Line 3 does not parse; the rest is linted" }],
    });
    assert.equal(
      textReport([file], { colour: false }),
      "src/train me.py:3: problem Line 3 does not parse; the rest is linted\n\nNo findings in 1 file.\n",
    );
    assert.equal(textReport([file], { colour: false, quiet: true }), "No findings in 1 file.\n");
  });
});

describe("GitHub annotations", () => {
  it("escape what would end a command, and turn info and hints into notices", () => {
    const file = reported({
      path: "a,b:c.py",
      diagnostics: [finding, { ...finding, severity: "info", message: "50%" }],
    });
    assert.equal(
      githubReport([file]),
      [
        "::warning file=a%2Cb%3Ac.py,line=3,endLine=3,col=13,endColumn=29,title=haywire (missing-gradient-clipping)::Nothing clips.%0AClip.",
        "::notice file=a%2Cb%3Ac.py,line=3,endLine=3,col=13,endColumn=29,title=haywire (missing-gradient-clipping)::50%25",
        "",
      ].join("\n"),
    );
  });
});

describe("SARIF report", () => {
  const documents = new Map(rules.map(({ name }) => [name, `# ${name}\n`]));
  const log: Log = JSON.parse(
    sarifReport([reported({ problems: [{ path: "p", message: "torn" }] })], { rules, documents, version: "1.2.3" }),
  );
  const [run] = log.runs;

  it("is version 2.1.0 with one tool and every rule with its help and level", () => {
    assert.equal(log.version, "2.1.0");
    assert.match(log.$schema ?? "", /sarif-schema-2\.1\.0\.json$/);
    assert.equal(log.runs.length, 1);
    const driver = run?.tool.driver;
    assert.equal(driver?.name, "haywire");
    assert.equal(driver?.semanticVersion, "1.2.3");
    assert.deepEqual(
      driver?.rules?.map(({ id }) => id),
      rules.map(({ name }) => name),
    );
    for (const rule of driver?.rules ?? []) {
      assert.equal(rule.help?.markdown, `# ${rule.id}\n`);
      assert.ok(["error", "warning", "note"].includes(rule.defaultConfiguration?.level ?? ""));
      assert.ok((rule.shortDescription?.text.length ?? 0) > 10);
    }
  });

  it("points results at their rule, place, related places and fixes", () => {
    assert.equal(run?.columnKind, "unicodeCodePoints");
    const [result] = run?.results ?? [];
    const region = { startLine: 3, startColumn: 13, endLine: 3, endColumn: 29 };
    const uri = "src/train%20me.py";
    assert.equal(result?.ruleId, "missing-gradient-clipping");
    assert.equal(run?.tool.driver.rules?.[result?.ruleIndex ?? -1]?.id, result?.ruleId);
    assert.equal(result?.level, "warning");
    assert.deepEqual(result?.locations, [{ physicalLocation: { artifactLocation: { uri }, region } }]);
    assert.deepEqual(result?.relatedLocations, [
      {
        id: 0,
        message: { text: "the optimizer is built here" },
        physicalLocation: {
          artifactLocation: { uri },
          region: { startLine: 1, startColumn: 8, endLine: 1, endColumn: 13 },
        },
      },
    ]);
    assert.equal(result?.fixes?.length, 2);
    assert.deepEqual(result?.fixes?.[1], {
      description: { text: "Other" },
      artifactChanges: [
        { artifactLocation: { uri }, replacements: [{ deletedRegion: region, insertedContent: { text: "" } }] },
      ],
      properties: { applicability: "safe" },
    });
  });

  it("says problems as notifications of the tool", () => {
    const [notification] = run?.invocations?.[0]?.toolExecutionNotifications ?? [];
    assert.deepEqual(notification?.message, { text: "torn" });
  });

  it("names absolute paths as file URIs", () => {
    const absolute = sarifReport([reported({ path: "/tmp/a b#.py" })], { rules, documents, version: "1" });
    assert.ok(absolute.includes('"file:///tmp/a%20b%23.py"'));
    const windows = sarifReport([reported({ path: "C:\\x\\y.py" })], { rules, documents, version: "1" });
    assert.ok(windows.includes('"file:///C:/x/y.py"'));
  });
});

describe("statistics", () => {
  it("count findings by rule and what could not be told by reason", () => {
    const facts = {
      ...emptyFacts("a.py"),
      frameworks: ["pytorch" as const],
      optimizers: [
        {
          start: 0,
          end: 1,
          nameRange: { start: 0, end: 1 },
          framework: "pytorch" as const,
          constructorName: "Adam",
          algorithm: "adam",
          adaptive: true,
          adamFamily: true,
          boundTo: null,
          parametersText: null,
          hasParameterGroups: false,
          libraryVersion: null,
          arguments: {
            learningRate: {
              name: "learningRate" as const,
              keyword: "lr",
              range: null,
              valueRange: null,
              given: true,
              resolved: { known: false as const, reason: "computed by get_lr()", chain: [] },
            },
          },
        },
      ],
    };
    assert.equal(
      statisticsReport([
        reported({ diagnostics: [finding, finding], facts }),
        reported({ diagnostics: [], facts: null }),
      ]),
      [
        "    2  missing-gradient-clipping",
        "",
        "Could not tell:",
        "    1  Adam lr: computed by get_lr()",
        "",
        "2 files, 1 file with training code.",
        "",
      ].join("\n"),
    );
  });
});
