import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, describe, it } from "node:test";
import { applyFixes } from "../../server/lint/applyFixes.ts";
import { applyEdits, mergeEdits } from "../../server/text/edits.ts";
import { notebookEdits, readNotebook } from "../../server/text/notebook.ts";
import { lint, offerSources } from "./offers.ts";
import { startPythonWorker } from "./pythonWorker.ts";

const python = startPythonWorker();
after(() => python.close());

const folder = path.join(import.meta.dirname, "scripts");
const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(py|ts)$/.test(name) && !name.includes(".earlier."))
  .sort()
  .map((name) => ({ name, path: `train${path.extname(name)}`, text: readFileSync(path.join(folder, name), "utf8") }));

const diagnosticsOf = async (file: string, text: string) => (await lint({ path: file, text })).diagnostics;

describe("several fixes", () => {
  it("at once end within ten passes at a text that a second run leaves alone", async () => {
    assert.ok(scripts.length > 60);
    const texts: string[] = [];
    for (const { name, path: file, text } of scripts) {
      for (const unsafe of [false, true]) {
        const once = await applyFixes(text, (current) => diagnosticsOf(file, current), { unsafe });
        assert.ok(once.passes < 10, `${name}: ${once.passes} passes`);
        const again = await applyFixes(once.text, (current) => diagnosticsOf(file, current), { unsafe });
        assert.equal(again.text, once.text, name);
        assert.equal(again.passes, 0, name);
        if (file.endsWith(".py")) texts.push(once.text);
      }
    }
    assert.equal(await python.ask({ parse: texts }), null);
  });

  it("at once leave a script that trains", async () => {
    for (const { name, path: file, text } of scripts) {
      // Lightning itself refuses the clipping that it is asked for in that one, and says what to do.
      if (!name.startsWith("torch") || name.endsWith("lightning_manual_clip_ignored.py")) continue;
      const { text: fixed } = await applyFixes(text, (current) => diagnosticsOf(file, current), { unsafe: true });
      const problem = await python.ask({ library: "torch", effect: "runs", before: text, after: fixed, title: "" });
      assert.equal(problem, null, `${name}: ${problem}\n${fixed}`);
    }
  });

  it("in a row, any two, leave a text that parses and in which neither is offered twice", async () => {
    const texts: string[] = [];
    for (const { path: file, text } of scripts.filter((script) => script.path.endsWith(".py"))) {
      const first = await lint({ path: file, text });
      for (const { fix } of offerSources.flatMap((offersOf) => offersOf({ path: file, text }, first))) {
        const once = applyEdits(text, fix.edits).text;
        const second = await lint({ path: file, text: once });
        assert.deepEqual(second.problems, []);
        for (const next of offerSources.flatMap((offersOf) => offersOf({ path: file, text: once }, second))) {
          const { text: twice, skipped } = applyEdits(once, next.fix.edits);
          assert.deepEqual(skipped, []);
          const imports = twice.split("\n").filter((line) => /^(import|from) /.test(line));
          assert.equal(new Set(imports).size, imports.length, twice);
          texts.push(twice);
        }
      }
    }
    assert.ok(texts.length > 500);
    assert.equal(await python.ask({ parse: texts }), null);
  });

  it("of one text never overlap when they are taken together", async () => {
    for (const { name, path: file, text } of scripts) {
      const groups = (await diagnosticsOf(file, text)).flatMap(({ fixes }) => fixes.map(({ edits }) => edits));
      const { edits } = mergeEdits(groups);
      assert.deepEqual(applyEdits(text, edits).skipped, [], name);
    }
  });

  it("of a notebook change the sources of cells and not one byte besides", async () => {
    const script = scripts.find(({ name }) => name.endsWith("classifier.py"));
    assert.ok(script !== undefined);
    const cells = script.text.split(/\n\n(?=\S)/);
    const json = notebookOf(cells);
    const notebook = readNotebook("train.ipynb", json).value;
    let changed = 0;
    for (const { fixes } of await diagnosticsOf("train.ipynb", notebook.text)) {
      for (const { edits, title } of fixes) {
        const made = notebookEdits(notebook, edits);
        assert.deepEqual(made.skipped, [], title);
        const fixed = applyEdits(json, made.edits).text;
        assert.notEqual(fixed, json);
        assert.equal(withoutSources(fixed), withoutSources(json));
        const parsed: { readonly cells: readonly { readonly outputs?: unknown }[] } = JSON.parse(fixed);
        assert.equal(parsed.cells.length, cells.length + 1);
        assert.equal(await python.ask({ parse: [readNotebook("train.ipynb", fixed).value.text] }), null);
        changed += 1;
      }
    }
    assert.ok(changed > 3);
  });
});

/** A notebook in an uncommon layout, with outputs and numbers that would be written otherwise by a JSON printer. */
function notebookOf(cells: readonly string[]): string {
  const listed = cells.map((cell, index) => {
    const lines = cell
      .split("\n")
      .map((line, place, all) => JSON.stringify(place < all.length - 1 ? `${line}\n` : line));
    const outputs = `[ {"output_type":"stream", "name":"stdout","text":["loss 1.0\\u00e9\\n"], "score": 1.50e+0} ]`;
    return `  {"cell_type": "code",  "execution_count": ${index + 1},\t"metadata": {"z": 1, "a": [ ]},\n   "outputs": ${outputs},\n   "source": [\n    ${lines.join(",\n    ")}\n   ]}`;
  });
  return `{"nbformat_minor":5,\n "cells": [\n  {"cell_type":"markdown","metadata":{},"source":"# Train"},\n${listed.join(",\n")}\n ],\n "metadata": {"kernelspec": {"name": "python3"}} , "nbformat": 4}\n`;
}

/** The JSON text with every code cell's `source` blanked. */
function withoutSources(json: string): string {
  return json.replace(/("source": )\[\n[\s\S]*?\n {3}\]/g, "$1[]");
}
