import path from "node:path";
import type { Connection } from "vscode-languageserver";
import type { Settings } from "../config/settings.ts";
import { settingsLayersFor } from "../config/settingsFiles.ts";
import { type SettingsLayer, settingsFrom } from "../config/settingsLayer.ts";
import { rules } from "../rules/index.ts";
import type { Problem } from "../text/problem.ts";
import { pathOf } from "./programs.ts";

/**
 * The settings that hold for a text: the editor's `haywire.*` under the files of its folders, since the more local place
 * wins. Problems of the files are told each time that they are read.
 */
export async function editorSettings(
  connection: Connection,
  uri: string,
  asksClient: boolean,
): Promise<{ readonly settings: Settings; readonly problems: readonly Problem[] }> {
  const folder = path.dirname(pathOf(uri));
  const values: unknown = asksClient
    ? await connection.workspace.getConfiguration({ scopeUri: uri, section: "haywire" }).catch(() => null)
    : null;
  const editor: SettingsLayer = { origin: "editor", values: knownSettings(values), base: folder, file: null };
  const files = uri.startsWith("file:") ? await settingsLayersFor(folder) : { value: [], problems: [] };
  const settings = settingsFrom([editor, ...files.value], rules);
  const problems = [...files.problems, ...settings.problems];
  return { settings: isSwitchedOff(values) ? withoutRules(settings.value) : settings.value, problems };
}

function isSwitchedOff(values: unknown): boolean {
  return typeof values === "object" && values !== null && "enable" in values && values.enable === false;
}

function withoutRules(settings: Settings): Settings {
  const off = Object.fromEntries(rules.map(({ name }) => [name, "off"] as const));
  return { ...settings, lint: { ...settings.lint, rules: off } };
}

/** What an editor may set: paths and globs are relative to a settings file, which an editor's settings are not. */
const editorKeys = ["preset", "rules", "logPatterns"] as const;

function knownSettings(values: unknown): Record<string, unknown> {
  if (typeof values !== "object" || values === null) return {};
  const given = new Map<string, unknown>(Object.entries(values));
  return Object.fromEntries(editorKeys.flatMap((key) => (given.get(key) == null ? [] : [[key, given.get(key)]])));
}
