import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { applyOnce } from "../../server/lint/applyFixes.ts";
import { applyEdits } from "../../server/text/edits.ts";
import { type Layout, layouts, scriptOf } from "./loopLayouts.ts";
import { complaints, lint, offerSources } from "./offers.ts";
import { startPythonWorker } from "./pythonWorker.ts";

const python = startPythonWorker();
after(() => python.close());

const path = "train.py";

async function offersOn(text: string) {
  const result = await lint({ path, text });
  assert.deepEqual(result.problems, []);
  return { result, offers: offerSources.flatMap((offersOf) => offersOf({ path, text }, result)) };
}

/** What a fix may not change: the line ends, the indentation, and the lines that it does not touch. */
function keepsStyle(layout: Layout, before: string, fixed: string): void {
  if (layout.lineEnd === "\r\n") assert.equal(fixed.replaceAll("\r\n", "").includes("\n"), false, fixed);
  else assert.equal(fixed.includes("\r"), false);
  if (layout.indentation === "\t") {
    const spaced = fixed.split("\n").filter((line) => /^ +\S/.test(line));
    const allowed: readonly string[] = before.split("\n").filter((line) => /^ +\S/.test(line));
    assert.deepEqual(
      spaced.filter((line) => !allowed.includes(line)),
      [],
      fixed,
    );
  }
  const comments = (text: string): readonly string[] => text.match(/#.*/g) ?? [];
  for (const comment of comments(before)) assert.ok(comments(fixed).includes(comment), `${comment}\n${fixed}`);
  const imports = fixed.split(/\r?\n/).filter((line) => /^\s*(import|from) /.test(line));
  assert.equal(new Set(imports).size, imports.length, `an import twice\n${fixed}`);
}

describe("fixes of a training loop in any layout", () => {
  it("parse, keep the file's style, and silence what they fix", async () => {
    await fc.assert(
      fc.asyncProperty(layouts, async (layout) => {
        const text = scriptOf(layout);
        assert.equal(await python.ask({ parse: [text] }), null, text);
        const { result, offers } = await offersOn(text);
        const fixedTexts: string[] = [];
        for (const { rule, fix } of offers) {
          const { text: fixed, skipped } = applyEdits(text, fix.edits);
          assert.deepEqual(skipped, []);
          keepsStyle(layout, text, fixed);
          fixedTexts.push(fixed);
          const left = complaints(await lint({ path, text: fixed }));
          const before = complaints(result);
          for (const [name, count] of left) {
            const allowed = (before.get(name) ?? 0) - (name === rule ? 1 : 0);
            assert.ok(count <= allowed, `${name} complains ${count} times, ${allowed} at most\n${fixed}`);
          }
        }
        assert.equal(await python.ask({ parse: fixedTexts }), null);
      }),
      { numRuns: 60 },
    );
  });

  it("clip the gradient of each optimizer that is stepped, once a step", async () => {
    await fc.assert(
      fc.asyncProperty(layouts, async (layout) => {
        const text = scriptOf(layout);
        const { result } = await offersOn(text);
        const unclipped = result.diagnostics.filter(({ rule }) => rule === "missing-gradient-clipping");
        assert.equal(unclipped.length, layout.optimizers, text);
        const { text: fixed, fixed: made } = applyOnce(text, unclipped, { unsafe: true });
        assert.equal(made.length, unclipped.length, fixed);
        const left = complaints(await lint({ path, text: fixed }));
        assert.equal(left.has("missing-gradient-clipping") || left.has("clip-misplaced"), false, fixed);
        if (layout.clipImport?.endsWith("limit_norm")) assert.match(fixed, /(?<!\w)limit_norm\(/);
        if (layout.clipImport !== null) assert.equal(fixed.match(/^(import|from) /gm)?.length, 4, fixed);
        const problem = await python.ask({
          library: "torch",
          effect: "each-clipped",
          before: text,
          after: fixed,
          title: "",
        });
        assert.equal(problem, null, `${problem}\n${fixed}`);
      }),
      { numRuns: 40 },
    );
  });
});
