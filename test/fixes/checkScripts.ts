import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, describe, it } from "node:test";
import type { FrameworkName } from "../../server/facts/trainingFacts.ts";
import { earlierState } from "../../server/lint/earlierState.ts";
import { locateIn } from "../../server/report/reportedFile.ts";
import { rules } from "../../server/rules/index.ts";
import { parseRuleDocument } from "../../server/rules/ruleDocument.ts";
import { applyEdits } from "../../server/text/edits.ts";
import { complaints, lint, type Offer, offerSources, type Source } from "./offers.ts";

const folder = path.join(import.meta.dirname, "scripts");

export interface Checked {
  readonly source: Source;
  readonly offer: Offer;
  readonly fixed: string;
  readonly earlier: string | null;
}

export interface ScriptChecks {
  /** Of `scripts/FOLDER/*`. */
  readonly folder: string;
  /** Null, or what the run of the fixed script does not show. */
  readonly check: (checked: Checked) => Promise<string | null>;
  /** Null, or why the text does not parse. */
  readonly parse: (text: string) => Promise<string | null>;
  readonly close?: () => void;
  /** For each rule whose document shows a fix of one of these, a script must be offered one. */
  readonly frameworks: readonly FrameworkName[];
}

/**
 * Tests for every script of a folder: each fix that is offered, alone, gives a text that parses, silences what it fixes, makes no
 * other rule complain, is applied no second time, and runs with its effect. `NAME.earlier.py` is the state that `NAME.py` was made from.
 */
export async function checkScripts(checks: ScriptChecks): Promise<void> {
  const scripts = path.join(folder, checks.folder);
  /** `"rule framework"`. */
  const offered = new Set<string>();
  after(() => checks.close?.());
  for (const name of readdirSync(scripts).sort()) {
    if (/\.earlier\.\w+$/.test(name)) continue;
    const { source, earlier } = await readScript(path.join(scripts, name));
    const before = await lint(source);
    const offers = offerSources.flatMap((offersOf) => offersOf(source, before));
    describe(`${checks.folder}/${name}`, () => {
      it("parses as it is, and is offered a fix", async () => {
        assert.deepEqual(before.problems, []);
        assert.equal(await checks.parse(source.text), null);
        assert.ok(offers.length > 0);
      });
      for (const offer of offers) {
        for (const framework of before.facts.frameworks) offered.add(`${offer.rule} ${framework}`);
        it(`${offer.effect}: ${offer.fix.title}`, async () => {
          const { text: fixed, skipped } = applyEdits(source.text, offer.fix.edits);
          assert.deepEqual(skipped, []);
          assert.equal(await checks.parse(fixed), null, fixed);
          const after = await lint({ ...source, text: fixed });
          assert.deepEqual(after.problems, []);
          const counts = complaints(before);
          for (const [rule, count] of complaints(after)) {
            const allowed = (counts.get(rule) ?? 0) - (rule === offer.rule ? 1 : 0);
            assert.ok(count <= allowed, `${rule} complains ${count} times, ${allowed} at most\n${fixed}`);
          }
          const problem = await checks.check({ source, offer, fixed, earlier });
          assert.equal(problem, null, `${problem}\n${fixed}`);
        });
      }
    });
  }
  it(`scripts of ${checks.folder} are offered every fix that rules' documents show`, async () => {
    const shown = await documentedFixes(checks.frameworks);
    assert.ok(shown.size > 0);
    assert.deepEqual(
      [...shown].filter((each) => !offered.has(each)),
      [],
    );
  });
}

/** `"rule framework"` for each rule whose document shows a fix of one of the frameworks. */
async function documentedFixes(frameworks: readonly FrameworkName[]): Promise<ReadonlySet<string>> {
  const shown = new Set<string>();
  for (const { name } of rules) {
    const file = new URL(`../../server/rules/${name}.md`, import.meta.url);
    const { examples } = parseRuleDocument(readFileSync(file, "utf8"));
    for (const [index, { kind }] of examples.entries()) {
      const invalid = examples[index - 1];
      if (kind !== "fixed" || invalid === undefined) continue;
      const { facts } = await lint({ path: `train.${invalid.language}`, text: invalid.code });
      const [framework] = facts.frameworks.filter((each) => each !== "pytorch" || facts.frameworks.length === 1);
      if (framework !== undefined && frameworks.includes(framework)) shown.add(`${name} ${framework}`);
    }
  }
  return shown;
}

async function readScript(file: string): Promise<{ readonly source: Source; readonly earlier: string | null }> {
  const { dir, name, ext } = path.parse(file);
  const text = readFileSync(file, "utf8");
  const earlierName = `${name}.earlier${ext}`;
  const earlier = readdirSync(dir).includes(earlierName) ? readFileSync(path.join(dir, earlierName), "utf8") : null;
  if (earlier === null) return { source: { path: `train${ext}`, text }, earlier };
  const { facts } = await lint({ path: `train${ext}`, text: earlier });
  const baseline = { name: "HEAD", hyperparameters: earlierState(facts.hyperparameters, locateIn(earlier)) };
  return { source: { path: `train${ext}`, text, baseline }, earlier };
}
