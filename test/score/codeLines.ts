import { readFileSync } from "node:fs";
import { createFactsReader } from "../../server/cli/codeFacts.ts";
import { diagnoseLogs } from "../../server/monitor/diagnoseLogs.ts";
import { readCases } from "./cases.ts";

/*
 * In how many failed runs a verdict stands on the line of the script that is known to have caused it:
 * `node --import tsx test/score/codeLines.ts FOLDER...`.
 */
const reader = createFactsReader();
for (const folder of process.argv.slice(2)) {
  let found = 0;
  let count = 0;
  for (const { name, logs, script, codeLine } of readCases(folder)) {
    if (codeLine === null || script === null) continue;
    const read = await reader.factsOf(script);
    if (read === null) continue;
    count++;
    const { value } = await diagnoseLogs(logs, { script: { text: read.text, facts: { ...read.facts, path: script } } });
    const places = value.runs.flatMap(({ verdicts }) => verdicts.map(({ kind, code }) => ({ kind, row: code?.row })));

    const hit = places.some(({ row }) => row === codeLine);
    found += hit ? 1 : 0;
    const line = readFileSync(script, "utf8").split("\n")[codeLine - 1]?.trim().slice(0, 60);
    const said = [...new Set(places.map(({ kind, row }) => `${kind}:${row ?? "-"}`))].join(" ");
    console.log(`${hit ? "found " : "missed"} ${name} line ${codeLine} \`${line}\`; said ${said}`);
  }
  console.log(`${found} of ${count}`);
}
