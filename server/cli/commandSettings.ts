import path from "node:path";
import { isPreset, type PresetName, presets } from "../config/preset.ts";
import { baselineFileName, type Settings } from "../config/settings.ts";
import { settingsLayerOfFile, settingsLayersFor, settingsProblemText } from "../config/settingsFiles.ts";
import { type SettingsLayer, settingsFrom } from "../config/settingsLayer.ts";
import { rules } from "../rules/index.ts";
import type { Outcome, Problem } from "../text/problem.ts";
import { type CommandIo, say, UsageError } from "./io.ts";
import { oneOf, ruleSeverities } from "./options.ts";

const presetNames: readonly PresetName[] = Object.keys(presets).filter(isPreset);

/** Settings that hold for a folder (absolute). */
export type SettingsReader = (folder: string) => Promise<Settings>;

/**
 * Settings of files under those of the command line. What is wrong in a settings file is told once on standard error and
 * changes nothing; a file named by `--config` must hold.
 */
export async function createSettingsReader(
  io: CommandIo,
  given: {
    readonly config?: string | undefined;
    readonly rule: readonly string[];
    readonly preset?: string | undefined;
    readonly baseline?: string | false | undefined;
  },
): Promise<SettingsReader> {
  const ruleNames = rules.map((rule) => rule.name);
  const commandLine: SettingsLayer = {
    origin: "command line",
    values: {
      rules: ruleSeverities(given.rule, ruleNames),
      ...(given.preset === undefined ? {} : { preset: oneOf("--preset", given.preset, presetNames) }),
      ...(given.baseline === undefined ? {} : { baseline: given.baseline }),
    },
    base: io.cwd,
    file: null,
  };
  const named = given.config === undefined ? null : await settingsLayerOfFile(path.resolve(io.cwd, given.config));
  if (named && !named.value) {
    throw new UsageError(`${given.config}: ${named.problems[0]?.message ?? "there are no settings of haywire in it"}.`);
  }
  const told = new Set<string>();
  const tell = async (problem: Problem) => {
    const line = `haywire: ${await settingsProblemText(problem, path.relative(io.cwd, problem.path))}.`;
    if (!told.has(line)) say(io.stderr, line);
    told.add(line);
  };
  const byFolder = new Map<string, Promise<Settings>>();
  const layers = new Map<string, Promise<Outcome<readonly SettingsLayer[]>>>();

  const read = async (folder: string): Promise<Settings> => {
    const found = await settingsLayersFor(folder, undefined, layers);
    const accepted = found.value.filter(({ origin }) => path.basename(origin) === baselineFileName);
    const files = named ? { value: [...accepted, ...(named.value ? [named.value] : [])], problems: [] } : found;
    const settings = settingsFrom([...files.value, commandLine], rules);
    for (const problem of [...files.problems, ...settings.problems]) await tell(problem);
    return settings.value;
  };
  return (folder) => {
    const settings = byFolder.get(folder) ?? read(folder);
    byFolder.set(folder, settings);
    return settings;
  };
}
