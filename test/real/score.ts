import { findingsIn } from "./findings.ts";
import { type Label, readLabels, readScripts } from "./labels.ts";
import { layOut } from "./layOut.ts";

/*
 * Precision and recall on real scripts, by rule: `node --import tsx test/real/score.ts FOLDER_OF_CLONES [--unread]`.
 * Precision is over the findings that were read. Recall is over scripts that were read whole: what is found there of what should be.
 */

interface Counts {
  right: number;
  wrong: number;
  unread: number;
  /** In scripts that were read whole. */
  found: number;
  missed: number;
}

const [clones, ...flags] = process.argv.slice(2);
if (clones === undefined) {
  console.error("Usage: node --import tsx test/real/score.ts FOLDER_OF_CLONES [--unread]");
  process.exit(2);
}

const scripts = layOut(clones, readScripts());
const scriptAt = new Map(scripts.map((script) => [script.file, script]));
const labels = new Map<string, Label>();
for (const label of readLabels()) labels.set(placeOf(label), label);

const byRule = new Map<string, Counts>();
const overall = { strong: newCounts(), hints: newCounts() };
const severities = new Map<string, boolean>();
const seen = new Set<string>();

for (const { file, rule, line, severity, message } of await findingsIn(scripts.map(({ file }) => file))) {
  const script = scriptAt.get(file);
  if (script === undefined) continue;
  const place = placeOf({ ...script, rule, line });
  if (seen.has(place)) continue;
  seen.add(place);
  severities.set(rule, (severities.get(rule) ?? true) && severity === "hint");
  const verdict = labels.get(place)?.verdict;
  for (const counts of [countsOf(rule), severity === "hint" ? overall.hints : overall.strong]) {
    if (verdict === undefined) counts.unread++;
    else if (verdict === "false") counts.wrong++;
    else {
      counts.right++;
      if (script.readWhole) counts.found++;
    }
  }
  if (verdict === undefined && flags.includes("--unread")) {
    console.log([script.repository, script.commit, script.path, rule, line, severity, message].join("\t"));
  }
}

const readWhole = new Set(
  scripts.filter((script) => script.readWhole).map(({ repository, path }) => `${repository}/${path}`),
);
for (const [place, { repository, path, rule, verdict }] of labels) {
  if (verdict === "false" || seen.has(place) || !readWhole.has(`${repository}/${path}`)) continue;
  for (const counts of [countsOf(rule), severities.get(rule) === true ? overall.hints : overall.strong])
    counts.missed++;
  if (flags.includes("--missed")) console.log([repository, path, rule, labels.get(place)?.line].join("\t"));
}

if (!flags.includes("--unread")) {
  console.log(`${scripts.length} scripts, ${readWhole.size} of them read whole`);
  console.log(row(["rule", "right", "wrong", "unread", "precision", "found", "missed", "recall"]));
  for (const [rule, counts] of [...byRule].sort(([a], [b]) => a.localeCompare(b, "en"))) print(rule, counts);
  print("info and above", overall.strong);
  print("hints", overall.hints);
}

function print(name: string, { right, wrong, unread, found, missed }: Counts): void {
  console.log(row([name, right, wrong, unread, share(right, wrong), found, missed, share(found, missed)]));
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(34) : String(cell).padStart(10))).join("");
}

function share(part: number, rest: number): string {
  return part + rest === 0 ? "–" : `${((100 * part) / (part + rest)).toFixed(1)} %`;
}

function countsOf(rule: string): Counts {
  const counts = byRule.get(rule) ?? newCounts();
  byRule.set(rule, counts);
  return counts;
}

function newCounts(): Counts {
  return { right: 0, wrong: 0, unread: 0, found: 0, missed: 0 };
}

function placeOf({ repository, path, rule, line }: Pick<Label, "repository" | "path" | "rule" | "line">): string {
  return [repository, path, rule, line].join("\t");
}
