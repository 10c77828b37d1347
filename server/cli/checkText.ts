import type { LintSettings } from "../config/settings.ts";
import { emptyFacts } from "../facts/emptyFacts.ts";
import { applyFixes } from "../lint/applyFixes.ts";
import type { Diagnostic, LintResult } from "../lint/diagnostic.ts";
import { earlierState } from "../lint/earlierState.ts";
import { createLinter, type LibraryVersions } from "../lint/linter.ts";
import { createParsers } from "../lint/loadParsers.ts";
import { createWorkspaceSources } from "../lint/workspaceSources.ts";
import type { Baseline } from "../rules/rule.ts";
import { type SourceProgram, sourceProgram } from "./sourceProgram.ts";

/** A file's text with all that its check depends on: plain data, so that another thread can take it. */
export interface CheckJob {
  /** As the file is shown. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly settings: LintSettings;
  readonly libraryVersions: LibraryVersions;
  /** What the last run of the script was started with, where one is kept: it is compared with rather than HEAD. */
  readonly lastRun: Baseline | null;
  /** The text at git's HEAD; null when it is the same, or when there is none. */
  readonly earlierText: string | null;
  readonly fixes: "none" | "safe" | "unsafe";
  /** Handing facts from thread to thread costs about a tenth of finding them. */
  readonly wantsFacts: boolean;
}

/** What a check found in a text, or in what fixes made of it: plain data. Facts that are not wanted are empty. */
export interface CheckedText extends LintResult {
  /** The file's whole text after fixes, null when nothing was fixed. */
  readonly fixedText: string | null;
}

/** Checks one text after another with the same parsers; applies safe fixes, or unsafe ones too, where asked. */
export function createTextChecker(): (job: CheckJob) => Promise<CheckedText> {
  const linter = createLinter(createParsers(), createWorkspaceSources({ watchesDisk: false }));

  const baselineOf = async ({ file, settings, libraryVersions, earlierText, lastRun }: CheckJob) => {
    if (lastRun !== null) return lastRun;
    if (earlierText === null || settings.rules["many-hyperparameters-changed"] === "off") return null;
    const { text, locate } = sourceProgram(file, earlierText.replace(/^\uFEFF/, ""));
    const { facts } = await linter.lintText({ path: file, text, settings, libraryVersions });
    return { name: "HEAD", hyperparameters: earlierState(facts.hyperparameters, locate) } satisfies Baseline;
  };

  return async (job) => {
    const { name, file, text, settings, libraryVersions, fixes } = job;
    const baseline = await baselineOf(job);
    const lint = (program: SourceProgram) =>
      linter.lintText({ path: file, text: program.text, settings, baseline, libraryVersions });
    const lintForFixes = async (fileText: string) => {
      const program = sourceProgram(name, fileText);
      return (await lint(program)).diagnostics.map((each) => inFile(each, program));
    };
    const fixed = fixes === "none" ? text : (await applyFixes(text, lintForFixes, { unsafe: fixes === "unsafe" })).text;
    const result = await lint(sourceProgram(name, fixed));
    const facts = job.wantsFacts ? result.facts : emptyFacts(file);
    return { ...result, facts, fixedText: fixed === text ? null : fixed };
  };
}

/** A diagnostic whose fixes edit the file's own text; the rest of it still speaks of the program. */
function inFile(diagnostic: Diagnostic, program: SourceProgram): Diagnostic {
  return {
    ...diagnostic,
    fixes: diagnostic.fixes.map((fix) => ({ ...fix, edits: program.editsInFile(fix.edits) })),
  };
}
