import path from "node:path";
import { readCases } from "./cases.ts";
import { type Matched, matchCase, type Said } from "./match.ts";
import { readRuns, saidOf } from "./ours.ts";
import { peers } from "./peers.ts";

/*
 * What the detectors find, miss and say falsely of recorded runs, beside published rules on the same logs:
 * `npm run score -- FOLDER... [--details]`. A folder holds a case in each folder with a `truth.json` or `label.json`.
 */
const folders = process.argv.slice(2).filter((each) => !each.startsWith("--"));
const details = process.argv.includes("--details");
const only = process.argv.find((each) => each.startsWith("--only="))?.slice("--only=".length);
if (folders.length === 0) {
  console.error("Usage: npm run score -- FOLDER... [--details]");
  process.exit(2);
}

interface Result {
  readonly group: string;
  readonly healthy: boolean;
  readonly matched: readonly Matched[];
}

for (const folder of folders) {
  const ours: Result[] = [];
  const others = new Map(peers.map(({ name }) => [name, [] as Result[]]));
  for (const at of readCases(folder)) {
    if (only !== undefined && !at.name.startsWith(only)) continue;
    const { runs, across } = await readRuns(at);
    const said = [...runs.flatMap((run) => saidOf(at, run)), ...across];
    const matched = matchCase(at, said);
    ours.push({ group: at.group, healthy: at.healthy, matched });
    if (details) printCase(at.name, matched, said);
    for (const { name, alarmsOf } of peers) {
      const alarms = runs.flatMap(({ run }) =>
        alarmsOf(run).map(({ kind, step, record }) => ({
          kind,
          onset: at.byRecord ? record : step,
          delay: 0,
          log: run.name,
        })),
      );
      // An alarm without an onset counts when it is of the right kind and not before the true onset.
      const moved = alarms.map((each) => ({ ...each, onset: nearestOnset(at, each) }));
      others.get(name)?.push({ group: at.group, healthy: at.healthy, matched: matchCase(at, moved) });
    }
  }
  console.log(`\n## ${path.basename(path.resolve(folder))}\n`);
  printKinds(ours);
  printGroups(ours);
  console.log(
    "\n| on the same logs | found | missed | wrong | extra | misplaced | recall | precision | healthy cases with an alarm |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  printTotals("**Haywire**", ours);
  for (const [name, results] of others) printTotals(name, results);
}

function nearestOnset(at: ReturnType<typeof readCases>[number], said: Said): number {
  const own = at.verdicts.find(({ kinds, onset, before }) => kinds.includes(said.kind) && said.onset >= onset - before);
  return own?.onset ?? said.onset;
}

function printCase(name: string, matched: readonly Matched[], said: readonly Said[]): void {
  for (const { kind, outcome, onset, trueOnset } of matched) {
    if (outcome !== "found" || process.argv.includes("--all")) {
      const where =
        outcome === "missed"
          ? `true ${trueOnset}, said ${said.filter((each) => each.kind === kind).map((each) => each.onset)}`
          : `at ${onset}`;
      console.log(`${name}: ${outcome} ${kind} ${where}`);
    }
  }
}

function count(results: readonly Result[], outcome: Matched["outcome"], kind?: string): number {
  return results
    .flatMap(({ matched }) => matched)
    .filter((each) => each.outcome === outcome && (kind === undefined || each.kind === kind)).length;
}

function middle(values: readonly number[]): string {
  const finite = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const value = finite[finite.length >>> 1];
  return value === undefined ? "" : value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

function printKinds(results: readonly Result[]): void {
  console.log("| kind | found | missed | wrong | extra | misplaced | median delay (records) | median onset error |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  const all = results.flatMap(({ matched }) => matched);
  for (const kind of [...new Set(all.map((each) => each.kind))].sort()) {
    const found = all.filter((each) => each.kind === kind && each.outcome === "found");
    const counts = (["found", "missed", "wrong", "extra", "misplaced"] as const).map((each) =>
      count(results, each, kind),
    );
    console.log(
      `| \`${kind}\` | ${counts.join(" | ")} | ${middle(found.map(({ delay }) => delay))} | ${middle(found.map(({ error }) => Math.abs(error)))} |`,
    );
  }
}

function printGroups(results: readonly Result[]): void {
  const groups = new Map<string, Result[]>();
  for (const each of results) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  if (groups.size === results.length) return;
  console.log("\n| repository | logs | healthy | healthy with an alarm | found | missed | false |");
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const [group, of] of groups) {
    const healthy = of.filter((each) => each.healthy);
    const falsely = count(of, "wrong") + count(of, "extra") + count(of, "misplaced");
    console.log(
      `| ${group} | ${of.length} | ${healthy.length} | ${alarmed(healthy)} | ${count(of, "found")} | ${count(of, "missed")} | ${falsely} |`,
    );
  }
}

function alarmed(healthy: readonly Result[]): number {
  return healthy.filter(({ matched }) => matched.some(({ outcome }) => outcome === "wrong")).length;
}

function printTotals(name: string, results: readonly Result[]): void {
  const [found = 0, missed = 0, wrong = 0, extra = 0, misplaced = 0] = (
    ["found", "missed", "wrong", "extra", "misplaced"] as const
  ).map((each) => count(results, each));
  const healthy = results.filter((each) => each.healthy);
  const recall = (found / (found + missed)).toFixed(2);
  const precision = `${(found / (found + wrong)).toFixed(2)} (extras counted ${(found / (found + wrong + extra + misplaced)).toFixed(2)})`;
  console.log(
    `| ${name} | ${found} | ${missed} | ${wrong} | ${extra} | ${misplaced} | ${recall} | ${precision} | ${alarmed(healthy)} of ${healthy.length} |`,
  );
}
