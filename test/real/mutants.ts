import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createLinter } from "../../server/lint/linter.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { createWorkspaceSources } from "../../server/lint/workspaceSources.ts";
import { readScripts } from "./labels.ts";
import { layOut } from "./layOut.ts";
import { mutations } from "./mutations.ts";
import { twins } from "./twins.ts";

/*
 * Faults put into real scripts one at a time, and changes that are no fault: `node --import tsx test/real/mutants.ts
 * FOLDER_OF_CLONES [--show]`. Prints what is found of each kind, and what the harmless changes raise or silence.
 */

/** So that no project weighs more than others. */
const mostOfRepository = 4;

const [clones, ...flags] = process.argv.slice(2);
if (clones === undefined) {
  console.error("Usage: node --import tsx test/real/mutants.ts FOLDER_OF_CLONES [--show]");
  process.exit(2);
}
const show = flags.includes("--show");
const linter = createLinter(createParsers(), createWorkspaceSources({ watchesDisk: false }));

/** Findings of a text, counted by rule. */
async function countsIn(file: string, text: string): Promise<ReadonlyMap<string, number>> {
  const { diagnostics } = await linter.lintText({ path: file, text });
  const counts = new Map<string, number>();
  for (const { rule } of diagnostics) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return counts;
}

/** Python files of the scripts' repositories that train, without tests; the listed scripts first. */
function trainingFiles(): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>();
  for (const { repository, file, path: name } of layOut(clones ?? "", readScripts())) {
    const root = file.slice(0, file.length - name.length);
    if (!files.has(repository)) {
      const all = readdirSync(root, { recursive: true, encoding: "utf8" }).toSorted();
      const own = all.filter(
        (each) => each.endsWith(".py") && !/(^|\/)(tests?|conftest|keras\/src)\b|test_[^/]*$/.test(each),
      );
      files.set(
        repository,
        own.map((each) => path.join(root, each)),
      );
    }
    if (name.endsWith(".py"))
      files.set(repository, [file, ...(files.get(repository) ?? []).filter((each) => each !== file)]);
  }
  return files;
}

const made = new Map<string, { found: number; total: number }>();
const harmless = new Map<string, { raised: number; silenced: number; total: number }>();

for (const files of trainingFiles().values()) {
  const left = new Map<string, number>();
  for (const file of files) {
    const text = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
    if (text.length > 200_000) continue;
    let before: ReadonlyMap<string, number> | null = null;
    for (const { name, rule, make } of mutations) {
      if ((left.get(name) ?? 0) >= mostOfRepository) continue;
      const mutant = make(text);
      if (mutant === null) continue;
      before ??= await countsIn(file, text);
      if (before.has(rule)) continue;
      left.set(name, (left.get(name) ?? 0) + 1);
      const found = (await countsIn(file, mutant)).has(rule);
      const tally = made.get(name) ?? { found: 0, total: 0 };
      made.set(name, { found: tally.found + (found ? 1 : 0), total: tally.total + 1 });
      if (!found && show) console.log(`missed\t${name}\t${file}`);
    }
    if (!/optim|keras|optax/i.test(text)) continue;
    for (const { name, make } of twins) {
      if ((left.get(name) ?? 0) >= mostOfRepository) continue;
      const twin = make(text);
      if (twin === null) continue;
      before ??= await countsIn(file, text);
      if (before.size === 0 && !/\.backward\(/.test(text)) continue;
      left.set(name, (left.get(name) ?? 0) + 1);
      const after = await countsIn(file, twin);
      const raised = [...after].filter(([rule, count]) => count > (before?.get(rule) ?? 0)).map(([rule]) => rule);
      const silenced = [...before].filter(([rule, count]) => count > (after.get(rule) ?? 0)).map(([rule]) => rule);
      const tally = harmless.get(name) ?? { raised: 0, silenced: 0, total: 0 };
      harmless.set(name, {
        raised: tally.raised + raised.length,
        silenced: tally.silenced + silenced.length,
        total: tally.total + 1,
      });
      if (show && raised.length + silenced.length > 0) {
        console.log(`twin\t${name}\t${file}\traised ${raised.join(" ")}\tsilenced ${silenced.join(" ")}`);
      }
    }
  }
}

let found = 0;
let total = 0;
console.log("fault put in".padEnd(44), "rule".padEnd(28), "found of made");
for (const { name, rule } of mutations) {
  const tally = made.get(name) ?? { found: 0, total: 0 };
  found += tally.found;
  total += tally.total;
  console.log(name.padEnd(44), rule.padEnd(28), `${tally.found} of ${tally.total}`);
}
console.log("all".padEnd(44), "".padEnd(28), `${found} of ${total}`);
console.log("\nharmless change".padEnd(45), "scripts".padStart(8), "raised".padStart(8), "silenced".padStart(9));
for (const { name } of twins) {
  const { raised, silenced, total: of } = harmless.get(name) ?? { raised: 0, silenced: 0, total: 0 };
  console.log(name.padEnd(44), String(of).padStart(8), String(raised).padStart(8), String(silenced).padStart(9));
}
