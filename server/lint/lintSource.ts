import { severityUnder } from "../config/preset.ts";
import type { LintSettings } from "../config/settings.ts";
import type { FrameworkName, TrainingFacts } from "../facts/trainingFacts.ts";
import type { FrameworkFixes } from "../frameworks/framework.ts";
import type { Baseline, Finding, Rule, Severity } from "../rules/rule.ts";
import type { RuleOption } from "../rules/ruleOption.ts";
import type { Module } from "../syntax/tree.ts";
import type { Problem } from "../text/problem.ts";
import type { TextRange } from "../text/range.ts";
import type { Diagnostic, LintResult } from "./diagnostic.ts";
import { applySuppressions, readSuppressions, unusedSuppressions } from "./suppressions.ts";
import { isTestCode } from "./testCode.ts";

export interface LintSource {
  readonly text: string;
  readonly module: Module;
  readonly facts: TrainingFacts;
  readonly rules: readonly Rule[];
  readonly fixesOf: (framework: FrameworkName) => FrameworkFixes;
  readonly settings: LintSettings;
  readonly baseline: Baseline | null;
  /** Rules that verdicts on runs of this code name: those that are only for live runs speak when they are among them. */
  readonly suspected: ReadonlySet<string>;
}

type Found = Finding & { readonly rule: string; readonly severity: Severity };

/** Facts to diagnostics: every rule that is on, then severities, suppressions and order. A rule that throws is a problem. */
export function lintSource(source: LintSource): LintResult {
  const { text, module, facts, rules } = source;
  const problems: Problem[] = module.holes.slice(0, 1).map(({ start }) => holeProblem(facts.path, text, start));
  if (isTestCode(facts.path, text)) return { diagnostics: [], problems, facts, suppressed: 0 };
  const found = rules.flatMap((rule) => findingsOf(rule, source, problems));
  const suppressions = readSuppressions(text, module.comments);
  const { kept, used } = applySuppressions(text, found, suppressions);
  const unused = unusedFindings(source, suppressions, used);
  return {
    diagnostics: [...kept, ...unused].map(toDiagnostic).sort(byPosition),
    problems,
    facts,
    suppressed: found.length - kept.length,
  };
}

/** The severity of a finding: the settings' for its rule, else the finding's own or the rule's, under the preset. */
function severityOf(rule: Rule, settings: LintSettings, own: Severity | undefined): Severity | "off" {
  return settings.rules[rule.name] ?? severityUnder(settings.preset, own ?? rule.severity);
}

function findingsOf(rule: Rule, source: LintSource, problems: Problem[]): readonly Found[] {
  const { text, facts, fixesOf, settings, baseline } = source;
  if (severityOf(rule, settings, undefined) === "off") return [];
  if (rule.liveOnly === true && !source.suspected.has(rule.name)) return [];
  const found: Found[] = [];
  const optionValue = (option: RuleOption) => settings.options[rule.name]?.[option.name] ?? option.default;
  try {
    rule.check({ text, facts, fixesOf, baseline, optionValue }, (finding) => {
      const severity = severityOf(rule, settings, finding.severity);
      if (severity !== "off") found.push({ ...finding, rule: rule.name, severity });
    });
    return found;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.push({ path: facts.path, message: `The rule ${rule.name} failed on this file: ${reason}` });
    return [];
  }
}

function unusedFindings(
  source: LintSource,
  suppressions: ReturnType<typeof readSuppressions>,
  used: ReadonlySet<TextRange>,
): readonly Found[] {
  const { text, rules, settings } = source;
  const rule = rules.find(({ name }) => name === "unused-suppression");
  const severity = rule === undefined ? "off" : severityOf(rule, settings, undefined);
  if (severity === "off") return [];
  const known = new Set(rules.map(({ name }) => name));
  const live = new Set(rules.filter(({ liveOnly }) => liveOnly === true).map(({ name }) => name));
  const unused = unusedSuppressions(
    text,
    suppressions,
    used,
    known,
    (name) => canBeUnused(name, settings) && !live.has(name),
  );
  const found = unused.map((each) => ({ ...each, severity, related: [] }));
  return applySuppressions(text, found, suppressions).kept;
}

/** A rule that is off, that waits for a verdict, or that compares with an earlier state, is silent for other reasons than the code. */
function canBeUnused(name: string, settings: LintSettings): boolean {
  return settings.rules[name] !== "off" && name !== "many-hyperparameters-changed" && name !== "unused-suppression";
}

function holeProblem(path: string, text: string, offset: number): Problem {
  const row = text.slice(0, offset).split("\n").length;
  return { path, offset, message: `Line ${row} does not parse; the rest is linted` };
}

function toDiagnostic({ start, end, rule, severity, message, fixes, related }: Found): Diagnostic {
  return { start, end, rule, severity, message, fixes, related, url: `docs/rules/${rule}.md` };
}

function byPosition(a: Diagnostic, b: Diagnostic): number {
  return a.start - b.start || a.end - b.end || a.rule.localeCompare(b.rule, "en");
}
