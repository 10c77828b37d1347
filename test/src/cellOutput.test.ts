import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cellOutput, tableLines } from "../../src/cellOutput.ts";
import { heldOutput } from "../../src/heldOutput.ts";

const stdout = (text: string) => ({
  mime: "application/vnd.code.notebook.stdout",
  data: new TextEncoder().encode(text),
});

test("gives what is new, and a line that was written over again", () => {
  const output = cellOutput();
  assert.equal(output.next([stdout("step 1 loss 2.0\n")]), "step 1 loss 2.0\n");
  assert.equal(output.next([stdout("step 1 loss 2.0\n"), stdout("10%")]), "10%");
  assert.equal(output.next([stdout("step 1 loss 2.0\n"), stdout("20% done")]), "\r20% done");
  assert.equal(output.next([stdout("step 1 loss 2.0\n"), stdout("20% done\nstep 2")]), "\nstep 2");
});

test("reads the rows of the Trainer's table, each once", () => {
  const row = (step: number, loss: string) => `<tr><td>${step}</td><td>${loss}</td></tr>`;
  const table = (rows: string) => ({
    mime: "text/html",
    data: new TextEncoder().encode(
      `<div><progress value='2'></progress>[2/4]</div><table border="1"><thead><tr style="x"><th>Step</th><th>Training Loss</th></tr></thead><tbody>${rows}</tbody></table><p>`,
    ),
  });
  const output = cellOutput();
  assert.equal(output.next([table(row(10, "0.52"))]), "Step: 10 | Training Loss: 0.52\n");
  assert.equal(output.next([table(row(10, "0.52") + row(20, "nan"))]), "Step: 20 | Training Loss: nan\n");
  assert.equal(tableLines("<table><tr><td>no header</td></tr></table>"), "");
});

test("whatever grows comes once and whole", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (pieces) => {
      const output = cellOutput();
      let now = "";
      let told = "";
      for (const piece of pieces) {
        now += piece;
        told += output.next([stdout(now)]);
      }
      assert.equal(told, now);
    }),
  );
});

test("held output keeps its start and its newest lines", () => {
  const held = heldOutput();
  for (let line = 0; line < 200_000; line++) held.push(`line ${line} of the output\n`);
  const all = held.take();
  assert.ok(all.length < 2_000_000);
  assert.ok(all.startsWith("line 0 of") && all.endsWith("line 199999 of the output\n"));
  for (const line of all.split("\n")) assert.match(line, /^(line \d+ of the output|line \d*.{0,18}|)$/);
  assert.equal(held.take(), "");
});
