import path from "node:path";
import type { LintSettings } from "../config/settings.ts";
import { applyFixes } from "../lint/applyFixes.ts";
import type { Diagnostic } from "../lint/diagnostic.ts";
import { textAtRevision } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import { createLinter, type LibraryVersions, mentionsFramework } from "../lint/linter.ts";
import type { Baseline } from "../lint/lintSource.ts";
import { createParsers } from "../lint/loadParsers.ts";
import type { ReportedFile } from "../report/reportedFile.ts";
import type { Problem } from "../text/problem.ts";
import type { SettingsReader } from "./commandSettings.ts";
import { type SourceProgram, sourceProgram } from "./sourceProgram.ts";

/** A linted file: what is reported of it, after fixes where they were asked for. */
export interface CheckedFile {
  readonly reported: ReportedFile;
  /** The file's whole text after fixes, null when nothing was fixed. */
  readonly fixedText: string | null;
}

export interface CheckRequest {
  /** As it is shown. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  /** What reading it already found. */
  readonly problems: readonly Problem[];
}

/** Checks one file after another with the same parsers; applies safe fixes, or unsafe ones too, where asked. */
export function createFileChecker(settingsOf: SettingsReader, fixes: "none" | "safe" | "unsafe") {
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
    const earlier = await textAtRevision(file);
    if (earlier === null) return null;
    const { text } = sourceProgram(file, earlier.replace(/^\uFEFF/, ""));
    const { facts } = await linter.lintText({ path: file, text, settings, libraryVersions });
    return { name: "HEAD", hyperparameters: facts.hyperparameters } satisfies Baseline;
  };

  return async ({ name, file, text, problems }: CheckRequest): Promise<CheckedFile> => {
    const settings = (await settingsOf(path.dirname(file))).lint;
    const libraryVersions = await versionsOf(file);
    const baseline = mentionsFramework(text) ? await baselineOf(file, settings, libraryVersions) : null;
    const lint = (program: SourceProgram) =>
      linter.lintText({ path: file, text: program.text, settings, baseline, libraryVersions });
    const lintForFixes = async (fileText: string) => {
      const program = sourceProgram(name, fileText);
      return (await lint(program)).diagnostics.map((each) => inFile(each, program));
    };
    const fixed = fixes === "none" ? text : (await applyFixes(text, lintForFixes, { unsafe: fixes === "unsafe" })).text;
    const program = sourceProgram(name, fixed);
    const result = await lint(program);
    return {
      reported: {
        ...result,
        path: name,
        text: program.text,
        locate: program.locate,
        problems: [...problems, ...program.problems, ...result.problems],
      },
      fixedText: fixed === text ? null : fixed,
    };
  };
}

/** A diagnostic whose fixes edit the file's own text; the rest of it still speaks of the program. */
function inFile(diagnostic: Diagnostic, program: SourceProgram): Diagnostic {
  return {
    ...diagnostic,
    fixes: diagnostic.fixes.map((fix) => ({ ...fix, edits: program.editsInFile(fix.edits) })),
  };
}
