import type { SeveritySetting } from "../rules/rule.ts";
import { optionRefusal } from "../rules/ruleOption.ts";
import { isRecord } from "../text/plainRecord.ts";
import { nearestHint } from "./nearestName.ts";
import { type LintSettings, severitySettings } from "./settings.ts";
import type { KnownRule, LayerReading } from "./settingsLayer.ts";
import { shownValue } from "./settingsValue.ts";

/** The settings with a layer's `rules`: a severity a rule, or a table of `severity` and the rule's own options. */
export function withRules(
  lint: LintSettings,
  value: unknown,
  rules: readonly KnownRule[],
  reading: LayerReading,
): LintSettings {
  if (!isRecord(value)) {
    reading.complain(`rules must be a table of rule names and severities, not ${shownValue(value)}`, "rules");
    return lint;
  }
  return Object.entries(value).reduce((so, [name, given]) => {
    const rule = rules.find((each) => each.name === name);
    if (rule !== undefined) return withRule(so, rule, given, reading);
    const names = rules.map((each) => each.name);
    reading.complain(`There is no rule named ${name}${nearestHint(name, names)}`, name, "rules");
    return so;
  }, lint);
}

function withRule(lint: LintSettings, rule: KnownRule, given: unknown, reading: LayerReading): LintSettings {
  if (!isRecord(given)) return withSeverity(lint, rule.name, given, rule.name, "rules", reading);
  return Object.entries(given).reduce((so, [key, value]) => {
    const table = `rules.${rule.name}`;
    return key === "severity"
      ? withSeverity(so, rule.name, value, key, table, reading)
      : withOption(so, rule, key, value, reading);
  }, lint);
}

function withSeverity(
  lint: LintSettings,
  name: string,
  value: unknown,
  key: string,
  table: string,
  { complain, note }: LayerReading,
): LintSettings {
  if (!isSeverity(value)) {
    const near = typeof value === "string" ? nearestHint(value, severitySettings) : "";
    complain(`${name} must be one of ${severitySettings.join(", ")}${near}, not ${shownValue(value)}`, key, table);
    return lint;
  }
  note(`rules.${name}`, key, table);
  return { ...lint, rules: { ...lint.rules, [name]: value } };
}

function withOption(
  lint: LintSettings,
  rule: KnownRule,
  key: string,
  value: unknown,
  { complain, note }: LayerReading,
): LintSettings {
  const table = `rules.${rule.name}`;
  const option = rule.options?.find((each) => each.name === key);
  if (option === undefined) {
    const names = ["severity", ...(rule.options ?? []).map((each) => each.name)];
    const hint = nearestHint(key, names);
    complain(`The rule ${rule.name} has no option named ${key}${hint}; it takes ${names.join(", ")}`, key, table);
    return lint;
  }
  const refusal = optionRefusal(option, value);
  if (refusal !== null) {
    complain(`${key} of ${rule.name} must be ${refusal}, not ${shownValue(value)}`, key, table);
    return lint;
  }
  note(`${table}.${key}`, key, table);
  const options = { ...lint.options[rule.name], [key]: Number(value) };
  return { ...lint, options: { ...lint.options, [rule.name]: options } };
}

function isSeverity(value: unknown): value is SeveritySetting {
  return severitySettings.some((severity) => severity === value);
}
