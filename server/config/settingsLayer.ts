import type { SeveritySetting } from "../rules/rule.ts";
import type { Outcome, Problem } from "../text/problem.ts";
import { keyOffset } from "./keyOffset.ts";
import { defaultSettings, type Settings, settingKeys, severitySettings } from "./settings.ts";

/** Settings from one place, not yet checked. */
export interface SettingsLayer {
  /** As shown to the user: a file's path, `"editor"`, `"command line"`. */
  readonly origin: string;
  /** What stands under `[tool.haywire]` or in haywire.toml. */
  readonly values: unknown;
  /** Absolute folder that exclude globs are relative to. */
  readonly base: string;
  /** The file's text and the table that holds the settings (`"tool.haywire"` or `""`), for naming lines; null where there is no file. */
  readonly file: { readonly text: string; readonly table: string } | null;
}

/**
 * One settings value out of layers, the weakest first: a later layer wins key by key, and rules by name. Unknown keys, rules
 * and values are problems and change nothing.
 */
export function settingsFrom(layers: readonly SettingsLayer[], ruleNames: readonly string[]): Outcome<Settings> {
  let settings = defaultSettings;
  const problems: Problem[] = [];
  for (const layer of layers) settings = withLayer(settings, layer, ruleNames, problems);
  return { value: settings, problems };
}

function withLayer(
  settings: Settings,
  layer: SettingsLayer,
  ruleNames: readonly string[],
  problems: Problem[],
): Settings {
  if (layer.values === undefined || layer.values === null) return settings;
  const complain = (message: string, key: string | null, table = "") =>
    problems.push(problemAt(layer, message, key, table));
  if (!isTable(layer.values)) {
    complain("The settings of haywire must be a table", null);
    return settings;
  }
  let lint = settings.lint;
  const origins = new Map(settings.origins);
  const note = (setting: string, key: string, table = "") => origins.set(setting, placeOf(layer, key, table));
  for (const [key, value] of Object.entries(layer.values)) {
    if (key === "many-hyperparameters-changed") {
      if (typeof value === "number" && Number.isInteger(value) && value >= 2) {
        lint = { ...lint, manyHyperparametersChanged: value };
        note(key, key);
      } else complain(`many-hyperparameters-changed must be a whole number from 2 up, not ${shown(value)}`, key);
    } else if (key === "exclude") {
      if (Array.isArray(value) && value.every((glob) => typeof glob === "string")) {
        lint = { ...lint, exclude: value.map((glob: string) => ({ glob, base: layer.base })) };
        note(key, key);
      } else complain(`exclude must be a list of globs, not ${shown(value)}`, key);
    } else if (key === "rules") {
      if (!isTable(value)) {
        complain(`rules must be a table of rule names and severities, not ${shown(value)}`, key);
        continue;
      }
      for (const [name, severity] of Object.entries(value)) {
        if (!ruleNames.includes(name))
          complain(`There is no rule named ${name}${nearest(name, ruleNames)}`, name, "rules");
        else if (!isSeverity(severity)) {
          complain(`${name} must be one of ${severitySettings.join(", ")}, not ${shown(severity)}`, name, "rules");
        } else {
          lint = { ...lint, rules: { ...lint.rules, [name]: severity } };
          note(`rules.${name}`, name, "rules");
        }
      }
    } else complain(`There is no setting named ${key}; there are ${settingKeys.join(", ")}`, key);
  }
  return { lint, origins };
}

function problemAt(layer: SettingsLayer, message: string, key: string | null, table: string): Problem {
  const offset = key === null || layer.file === null ? null : keyOffset(layer.file.text, tablePath(layer, table), key);
  return { path: layer.origin, message, ...(offset === null ? {} : { offset }) };
}

function placeOf(layer: SettingsLayer, key: string, table: string): string {
  if (layer.file === null) return layer.origin;
  const offset = keyOffset(layer.file.text, tablePath(layer, table), key);
  return offset === null ? layer.origin : `${layer.origin}:${layer.file.text.slice(0, offset).split("\n").length}`;
}

function tablePath(layer: SettingsLayer, table: string): string {
  return [layer.file?.table ?? "", table].filter((part) => part !== "").join(".");
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSeverity(value: unknown): value is SeveritySetting {
  return severitySettings.some((severity) => severity === value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part)) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

/** ` (did you mean X?)` for a name that shares most of its words with a rule. */
function nearest(name: string, ruleNames: readonly string[]): string {
  const words = new Set(name.toLowerCase().split(/[-_]/));
  const best = ruleNames
    .map((rule) => ({ rule, common: rule.split("-").filter((word) => words.has(word)).length }))
    .sort((a, b) => b.common - a.common)[0];
  return best !== undefined && best.common >= 2 ? ` (did you mean ${best.rule}?)` : "";
}
