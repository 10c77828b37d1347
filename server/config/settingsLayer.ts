import path from "node:path";
import type { Rule } from "../rules/rule.ts";
import { linePattern } from "../text/linePattern.ts";
import { isRecord } from "../text/plainRecord.ts";
import type { Outcome, Problem } from "../text/problem.ts";
import { keyOffset } from "./keyOffset.ts";
import { nearestHint } from "./nearestName.ts";
import { isPreset, presets } from "./preset.ts";
import { withRules } from "./ruleSettings.ts";
import { defaultSettings, type LintSettings, type Settings, settingKeys } from "./settings.ts";
import { shownValue } from "./settingsValue.ts";

/** Settings from one place, not yet checked. */
export interface SettingsLayer {
  /** As shown to the user: a file's path, `"editor"`, `"command line"`. */
  readonly origin: string;
  /** What stands under `[tool.haywire]` or in haywire.toml. */
  readonly values: unknown;
  /** Absolute folder that paths and globs are relative to. */
  readonly base: string;
  /** The file's text and the table that holds the settings (`"tool.haywire"` or `""`), for naming lines; null where there is no file. */
  readonly file: { readonly text: string; readonly table: string } | null;
}

/** Where settings are put, and what is wrong with them told; `table` is the path below the layer's own table. */
export interface LayerReading {
  readonly complain: (message: string, key: string | null, table?: string) => void;
  /** Notes where a setting came from. */
  readonly note: (setting: string, key: string, table?: string) => void;
}

/** What settings are checked against. */
export type KnownRule = Pick<Rule, "name" | "options">;

/**
 * One settings value out of layers, the weakest first: a later layer wins key by key, and rules by name. Unknown keys, rules,
 * options and values are problems and change nothing.
 */
export function settingsFrom(layers: readonly SettingsLayer[], rules: readonly KnownRule[]): Outcome<Settings> {
  let settings = defaultSettings;
  const problems: Problem[] = [];
  for (const layer of layers) settings = withLayer(settings, layer, rules, problems);
  return { value: settings, problems };
}

function withLayer(
  settings: Settings,
  layer: SettingsLayer,
  rules: readonly KnownRule[],
  problems: Problem[],
): Settings {
  if (layer.values === undefined || layer.values === null) return settings;
  const origins = new Map(settings.origins);
  const reading: LayerReading = {
    complain: (message, key, table = "") => problems.push(problemAt(layer, message, key, table)),
    note: (setting, key, table = "") => origins.set(setting, placeOf(layer, key, table)),
  };
  if (!isRecord(layer.values)) {
    reading.complain("The settings of haywire must be a table", null);
    return settings;
  }
  let { lint, logPatterns } = settings;
  for (const [key, value] of Object.entries(layer.values)) {
    if (key === "rules") lint = withRules(lint, value, rules, reading);
    else if (key === "logPatterns") logPatterns = patternsIn(value, reading) ?? logPatterns;
    else lint = withSetting(lint, key, value, layer.base, reading);
  }
  return { lint, logPatterns, origins };
}

function patternsIn(value: unknown, { complain, note }: LayerReading): readonly string[] | null {
  const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
  const wrong = isList ? value.find((each) => linePattern(each) === null) : value;
  if (!isList || wrong !== undefined) {
    complain(
      `logPatterns must be a list of regular expressions with named groups, not ${shownValue(wrong)}`,
      "logPatterns",
    );
    return null;
  }
  note("logPatterns", "logPatterns");
  return value;
}

function withSetting(
  lint: LintSettings,
  key: string,
  value: unknown,
  base: string,
  { complain, note }: LayerReading,
): LintSettings {
  const names = Object.keys(settingKeys);
  if (!names.includes(key)) {
    complain(`There is no setting named ${key}${nearestHint(key, names)}; there are ${names.join(", ")}`, key);
    return lint;
  }
  const changed = changedSetting(key, value, base);
  if (typeof changed === "string") {
    complain(`${key} must be ${changed}, not ${shownValue(value)}`, key);
    return lint;
  }
  note(key, key);
  return { ...lint, ...changed };
}

/** The setting as the lint room wants it, else what it must be. */
function changedSetting(key: string, value: unknown, base: string): Partial<LintSettings> | string {
  if (key === "preset") {
    return isPreset(value) ? { preset: value } : `one of ${Object.keys(presets).join(", ")}${nearPreset(value)}`;
  }
  if (key === "exclude") {
    const isList = Array.isArray(value) && value.every((glob) => typeof glob === "string");
    return isList ? { exclude: value.map((glob: string) => ({ glob, base })) } : "a list of globs";
  }
  if (value === false) return { baseline: null };
  return typeof value === "string" && value !== "" ? { baseline: path.resolve(base, value) } : "a file's name or false";
}

function nearPreset(value: unknown): string {
  return typeof value === "string" ? nearestHint(value, Object.keys(presets)) : "";
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
