import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyEdits } from "../../server/text/edits.ts";
import { cellAt, notebookEdits, offsetInNotebook, readNotebook } from "../../server/text/notebook.ts";

const cells = [
  { cell_type: "markdown", metadata: {}, source: ["# Training\n", "Notes"] },
  {
    cell_type: "code",
    execution_count: 1,
    metadata: {},
    outputs: [],
    source: ["%pip install torch\n", "lr = 1e-2\n", "!ls -l"],
  },
  {
    cell_type: "code",
    execution_count: null,
    metadata: {},
    outputs: [{ text: "lr = 1e-2" }],
    source: "x = (a\n  % b)\ny = !ls",
  },
  { cell_type: "code", execution_count: 2, metadata: {}, outputs: [], source: ["%%bash\n", "lr = 1"] },
  { cell_type: "code", execution_count: 3, metadata: {}, outputs: [], source: [] },
];
const json = JSON.stringify({ cells, metadata: { name: "é" }, nbformat: 4, nbformat_minor: 5 }, null, 1);
const notebook = readNotebook("train.ipynb", json).value;

test("joins the code cells and blanks what is not Python to the same length", () => {
  const expected = [
    "                  ",
    "lr = 1e-2",
    "      ",
    "x = (a",
    "  % b)",
    "       ",
    "      ",
    "      ",
    "",
    "",
  ];
  assert.deepEqual(notebook.text.split("\n"), expected);
});

test("counts all cells from 1 and rows in the cell", () => {
  const offset = notebook.text.indexOf("1e-2");
  assert.deepEqual(cellAt(notebook, offset), { cell: 2, row: 2, column: 6 });
  assert.equal(offsetInNotebook(notebook, 2, "%pip install torch\nlr = ".length), offset);
  assert.deepEqual(cellAt(notebook, notebook.text.indexOf("% b")), { cell: 3, row: 2, column: 3 });
  assert.equal(offsetInNotebook(notebook, 1, 0), null);
});

test("writes an edit back as the source of its cell in the form that it had", () => {
  const start = notebook.text.indexOf("1e-2");
  const { edits, skipped } = notebookEdits(notebook, [{ start, end: start + 4, newText: '1e-3  # "low"' }]);
  assert.deepEqual(skipped, []);
  assert.equal(applyEdits(json, edits).text, json.replace("lr = 1e-2\\n", 'lr = 1e-3  # \\"low\\"\\n'));
});

test("leaves out an edit that reaches into another cell", () => {
  const reaching = { start: notebook.text.indexOf("lr"), end: notebook.text.indexOf("% b"), newText: "" };
  assert.deepEqual(notebookEdits(notebook, [reaching]), { edits: [], skipped: [reaching] });
});

test("changes nothing but the source of the touched cells, whatever the edits", () => {
  const anyEdit = fc.tuple(
    fc.nat(notebook.text.length),
    fc.nat(4),
    fc.string({ unit: fc.constantFrom("a", "\n", '"', "é") }),
  );
  fc.assert(
    fc.property(fc.array(anyEdit, { maxLength: 4 }), (list) => {
      const edits = list.map(([start, length, newText]) => ({ start, end: start + length, newText }));
      const after = JSON.parse(applyEdits(json, notebookEdits(notebook, edits).edits).text);
      const touched = new Set(edits.map((edit) => cellAt(notebook, edit.start)?.cell));
      const before = JSON.parse(json);
      for (const cell of touched) if (cell !== undefined) before.cells[cell - 1].source = after.cells[cell - 1].source;
      assert.deepEqual(after, before);
    }),
  );
});

test("edits the joined text and the notebook alike", () => {
  const code = notebook.text.indexOf("x = (a");
  fc.assert(
    fc.property(fc.nat(11), fc.nat(4), fc.string({ unit: fc.constantFrom("a", "(", " ") }), (at, length, newText) => {
      const edit = { start: code + at, end: code + at + length, newText };
      const made = applyEdits(json, notebookEdits(notebook, [edit]).edits).text;
      const local = { start: at, end: edit.end - code, newText };
      const expected = applyEdits("x = (a\n  % b)\ny = !ls", [local]).text;
      assert.equal(JSON.parse(made).cells[2].source, expected);
    }),
  );
});

test("says that a file is not a notebook, whatever it holds", () => {
  assert.equal(readNotebook("a.ipynb", "[1, 2").problems.length, 1);
  assert.equal(readNotebook("a.ipynb", "[".repeat(200_000)).problems.length, 1);
  fc.assert(fc.property(fc.string(), (text) => void readNotebook("a.ipynb", text)));
  fc.assert(fc.property(fc.json(), (text) => void readNotebook("a.ipynb", `{"cells": ${text}}`)));
});
