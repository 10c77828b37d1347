import type { SeveritySetting } from "../rules/rule.ts";
import type { PresetName } from "./preset.ts";

/** What the lint room is told: one value, passed down. */
export interface LintSettings {
  readonly preset: PresetName;
  /** Severities by rule name; a rule missing here has its own, under the preset. */
  readonly rules: Readonly<Record<string, SeveritySetting>>;
  /** Values of rules' own options that are set, by rule and option. */
  readonly options: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Globs of files and folders that are not linted, relative to the file that names them. */
  readonly exclude: readonly ExcludePattern[];
  /** Absolute path of the file of accepted findings; null for none. */
  readonly baseline: string | null;
}

export interface ExcludePattern {
  readonly glob: string;
  /** Absolute folder that the glob is relative to. */
  readonly base: string;
}

/** Settings with where each came from, for `--show-settings`: `"rules.learning-rate-high"` → `"pyproject.toml:12"`. */
export interface Settings {
  readonly lint: LintSettings;
  /** Regular expressions for lines of text logs, their named groups are columns. */
  readonly logPatterns: readonly string[];
  readonly origins: ReadonlyMap<string, string>;
}

/** Keys of a settings table, as users write them, with what each is for. */
export const settingKeys = {
  preset: "How much of what the rules say counts.",
  rules: "Severity of each rule by its name; a table with `severity` and the rule's own options where it has any.",
  exclude:
    "Globs of files and folders that are not linted, relative to this file. Without a slash they hold at any depth.",
  baseline:
    "File of findings that are accepted as they are, relative to this file; `haywire check --write-baseline` writes it. `false` for none.",
  logPatterns:
    "Regular expressions for lines of text logs that are not understood by themselves: named groups are columns, as in `(?<step>\\d+): (?<loss>\\S+)`.",
} as const;

/** The file of accepted findings that is used without being named, in the folder of the code or one above it. */
export const baselineFileName = "haywire-baseline.json";

export const defaultSettings: Settings = {
  lint: { preset: "recommended", rules: {}, options: {}, exclude: [], baseline: null },
  logPatterns: [],
  origins: new Map(["preset", "exclude", "baseline", "logPatterns"].map((key) => [key, "default"])),
};

export const severitySettings: readonly SeveritySetting[] = ["off", "hint", "info", "warning", "error"];

/** `--show-settings`: one line a setting, `key = value  # where from`. */
export function showSettings({ lint, logPatterns, origins }: Settings): string {
  const from = (key: string) => origins.get(key) ?? "default";
  const lines: [string, string][] = [
    [`preset = "${lint.preset}"`, from("preset")],
    [`exclude = ${JSON.stringify(lint.exclude.map(({ glob }) => glob))}`, from("exclude")],
    [`baseline = ${JSON.stringify(lint.baseline ?? false)}`, from("baseline")],
    [`logPatterns = ${JSON.stringify(logPatterns)}`, from("logPatterns")],
    ...Object.entries(lint.rules).map(([name, severity]): [string, string] => [
      `rules.${name} = "${severity}"`,
      from(`rules.${name}`),
    ]),
    ...Object.entries(lint.options).flatMap(([rule, values]) =>
      Object.entries(values).map(([option, value]): [string, string] => [
        `rules.${rule}.${option} = ${value}`,
        from(`rules.${rule}.${option}`),
      ]),
    ),
  ];
  const width = Math.max(...lines.map(([text]) => text.length));
  return lines.map(([text, origin]) => `${text.padEnd(width)}  # ${origin}\n`).join("");
}
