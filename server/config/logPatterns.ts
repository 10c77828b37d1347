import path from "node:path";
import { type LinePattern, linePattern } from "../text/linePattern.ts";
import { settingsLayersFor } from "./settingsFiles.ts";
import { settingsFrom } from "./settingsLayer.ts";

/** The user's own forms of lines for the log at a path, by the settings files of its folders. */
export async function logPatternsFor(logPath: string): Promise<LinePattern[]> {
  const files = await settingsLayersFor(path.dirname(logPath));
  return compiledPatterns(settingsFrom(files.value, []).value.logPatterns);
}

/** Patterns of settings, which were checked when they were read. */
export function compiledPatterns(sources: readonly string[]): LinePattern[] {
  return sources.flatMap((source) => linePattern(source) ?? []);
}
