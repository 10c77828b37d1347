import type { Severity } from "../rules/rule.ts";

/** How much of what the rules say counts. */
export type PresetName = "recommended" | "strict" | "all";

/** The presets with what each does, the mildest first. */
export const presets: Readonly<Record<PresetName, string>> = {
  recommended: "Each rule at its own severity.",
  strict: "Also what is only an info counts as a warning, so that it fails a check.",
  all: "Everything counts, hints too: the least severity is a warning.",
};

const raised: Readonly<Record<PresetName, readonly Severity[]>> = {
  recommended: [],
  strict: ["info"],
  all: ["info", "hint"],
};

export function isPreset(value: unknown): value is PresetName {
  return typeof value === "string" && Object.hasOwn(presets, value);
}

/** A finding's severity under a preset, where the settings name none for its rule. */
export function severityUnder(preset: PresetName, severity: Severity): Severity {
  return raised[preset].includes(severity) ? "warning" : severity;
}
