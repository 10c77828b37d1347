import path from "node:path";
import type { LintSettings } from "../config/settings.ts";
import { applyFixes } from "../lint/applyFixes.ts";
import { textAtRevision } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import { createLinter, type LibraryVersions, mentionsFramework } from "../lint/linter.ts";
import type { Baseline } from "../lint/lintSource.ts";
import { createParsers } from "../lint/loadParsers.ts";
import { locateIn, type ReportedFile } from "../report/reportedFile.ts";
import type { SettingsReader } from "./commandSettings.ts";
import type { SourceText } from "./sourceFile.ts";

/** A linted file: what is reported of it, after fixes where they were asked for. */
export interface CheckedFile {
  readonly reported: ReportedFile;
  /** The file's whole text after fixes, null when nothing was fixed. */
  readonly fixedText: string | null;
}

export interface CheckOptions {
  readonly settingsOf: SettingsReader;
  readonly fixes: "none" | "safe" | "unsafe";
}

/** Checks one file after another with the same parsers. `name` is what is shown, `file` the absolute path. */
export function createFileChecker({ settingsOf, fixes }: CheckOptions) {
  const linter = createLinter(createParsers());
  const versionsByFolder = new Map<string, Promise<LibraryVersions>>();
  const versionsOf = (file: string) => {
    const folder = path.dirname(file);
    const versions = versionsByFolder.get(folder) ?? libraryVersionsFor(file);
    versionsByFolder.set(folder, versions);
    return versions;
  };
  const baselineOf = async (file: string, settings: LintSettings, libraryVersions: LibraryVersions) => {
    if (settings.rules["many-hyperparameters-changed"] === "off") return null;
    const text = await textAtRevision(file);
    if (text === null) return null;
    const { facts } = await linter.lintText({ path: file, text, settings, libraryVersions });
    return { name: "HEAD", hyperparameters: facts.hyperparameters } satisfies Baseline;
  };

  return async (name: string, file: string, source: SourceText): Promise<CheckedFile> => {
    const settings = (await settingsOf(path.dirname(file))).lint;
    const libraryVersions = await versionsOf(file);
    const baseline = mentionsFramework(source.text) ? await baselineOf(file, settings, libraryVersions) : null;
    const lint = (text: string) => linter.lintText({ path: file, text, settings, baseline, libraryVersions });
    const fixed =
      fixes === "none"
        ? source.text
        : (
            await applyFixes(source.text, async (text) => (await lint(text)).diagnostics, {
              unsafe: fixes === "unsafe",
            })
          ).text;
    const result = await lint(fixed);
    return {
      reported: { path: name, text: fixed, locate: locateIn(fixed), ...result },
      fixedText: fixed === source.text ? null : fixed,
    };
  };
}
