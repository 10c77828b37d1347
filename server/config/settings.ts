import type { SeveritySetting } from "../rules/rule.ts";

/** What the lint room is told: one value, passed down. */
export interface LintSettings {
  /** Severities by rule name; a rule missing here has its own. */
  readonly rules: Readonly<Record<string, SeveritySetting>>;
  /** How many changed hyperparameters are many; at least two. */
  readonly manyHyperparametersChanged: number;
  /** Globs of files and folders that are not linted, relative to the file that names them. */
  readonly exclude: readonly ExcludePattern[];
}

export interface ExcludePattern {
  readonly glob: string;
  /** Absolute folder that the glob is relative to. */
  readonly base: string;
}

/** Settings with where each came from, for `--show-settings`: `"rules.learning-rate-high"` → `"pyproject.toml:12"`. */
export interface Settings {
  readonly lint: LintSettings;
  readonly origins: ReadonlyMap<string, string>;
}

export const defaultSettings: Settings = {
  lint: { rules: {}, manyHyperparametersChanged: 5, exclude: [] },
  origins: new Map([
    ["many-hyperparameters-changed", "default"],
    ["exclude", "default"],
  ]),
};

/** Keys of a settings table, as users write them. */
export const settingKeys = ["rules", "many-hyperparameters-changed", "exclude"] as const;

export const severitySettings: readonly SeveritySetting[] = ["off", "hint", "info", "warning", "error"];

/** `--show-settings`: one line a setting, `key = value  # where from`. */
export function showSettings({ lint, origins }: Settings): string {
  const from = (key: string) => origins.get(key) ?? "default";
  const lines: [string, string][] = [
    [`many-hyperparameters-changed = ${lint.manyHyperparametersChanged}`, from("many-hyperparameters-changed")],
    [`exclude = ${JSON.stringify(lint.exclude.map(({ glob }) => glob))}`, from("exclude")],
    ...Object.entries(lint.rules).map(([name, severity]): [string, string] => [
      `rules.${name} = "${severity}"`,
      from(`rules.${name}`),
    ]),
  ];
  const width = Math.max(...lines.map(([text]) => text.length));
  return lines.map(([text, origin]) => `${text.padEnd(width)}  # ${origin}\n`).join("");
}
