import path from "node:path";
import type { Diagnostic } from "../lint/diagnostic.ts";
import { changedTextsAtHead } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import type { LibraryVersions } from "../lint/linter.ts";
import { type TrainingCode, trainingCodeInBytes } from "../lint/trainingCode.ts";
import type { ReportedFile } from "../report/reportedFile.ts";
import { runText, type Snapshot } from "../snapshots/snapshot.ts";
import { lastSnapshotOf } from "../snapshots/snapshotStore.ts";
import { type DecodedText, decodeText } from "../text/decode.ts";
import type { Problem } from "../text/problem.ts";
import type { NamedSource } from "./checkedSources.ts";
import type { CheckedText, CheckJob } from "./checkText.ts";
import { createCheckWorkers } from "./checkWorkers.ts";
import type { SettingsReader } from "./commandSettings.ts";
import { sourceProgram } from "./sourceProgram.ts";

/** A linted file: what is reported of it, after fixes where they were asked for. */
export interface CheckedFile {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** Empty for a file that was left out. */
  readonly source: DecodedText;
  readonly reported: ReportedFile;
  /** The file's whole text after fixes, null when nothing was fixed. */
  readonly fixedText: string | null;
}

export interface CheckOptions {
  readonly settingsOf: SettingsReader;
  readonly fixes: CheckJob["fixes"];
  /** Also files that no rule can find anything in: their facts are wanted. */
  readonly everything: boolean;
  readonly complain: (name: string, problem: string) => void;
}

/** Files that are looked at before the threads hear of them: git is asked once for all of them. */
const batchSize = 256;

type Answer = CheckedFile | { readonly name: string; readonly complaint: string };

/**
 * Checks files and gives them in their order. A file in which no rule can find anything is left out after a look at its bytes;
 * where there is much to check, threads share it. One that cannot be checked is only complained about.
 */
export async function* checkFiles(
  sources: AsyncIterable<NamedSource>,
  options: CheckOptions,
): AsyncGenerator<CheckedFile> {
  const workers = createCheckWorkers();
  const versions = new Map<string, Promise<LibraryVersions>>();
  const runs = new Map<string, Promise<readonly Snapshot[]>>();
  const answers: (Answer | Promise<Answer>)[] = [];

  async function take(batch: readonly NamedSource[]): Promise<void> {
    const looked = batch.map((source) => ({ ...source, code: codeIn(source, options.everything) }));
    const earlier = await changedTextsAtHead(looked.filter(({ code }) => code !== "none"));
    for (const { name, file, bytes, code } of looked) {
      const { lint: settings } = await options.settingsOf(path.dirname(file));
      const earlierText = earlier.get(file) ?? null;
      if (code !== "training" && earlierText === null) {
        answers.push(leftOut(name, file));
        continue;
      }
      const { value: source, problems } = decodeText(name, bytes);
      if (source.binary) {
        answers.push({ name, complaint: problems[0]?.message ?? "The file cannot be read" });
        continue;
      }
      const run = await lastSnapshotOf(file, runs);
      const lastRun = run === null ? null : { name: runText(run), hyperparameters: run.hyperparameters };
      const libraryVersions = await libraryVersionsFor(file, versions);
      const checked = workers.check({
        name,
        file,
        text: source.text,
        settings,
        libraryVersions,
        earlierText,
        lastRun,
        fixes: options.fixes,
        wantsFacts: options.everything,
      });
      answers.push(
        checked.then(
          (result) => checkedFile({ name, file, source, problems }, result),
          (error: Error) => ({ name, complaint: `The file could not be linted: ${error.message}` }),
        ),
      );
    }
  }

  let batch: NamedSource[] = [];
  for await (const source of sources) {
    batch.push(source);
    if (batch.length < batchSize) continue;
    await take(batch);
    batch = [];
  }
  await take(batch);
  const finished = workers.finish();
  for (const each of answers) {
    const answer = await each;
    if ("complaint" in answer) options.complain(answer.name, answer.complaint);
    else yield answer;
  }
  await finished;
}

function codeIn({ file, bytes }: NamedSource, everything: boolean): TrainingCode {
  return everything ? "training" : trainingCodeInBytes(file, bytes);
}

function leftOut(name: string, file: string): CheckedFile {
  const locate = () => ({ row: 1, column: 1, cell: null });
  return {
    name,
    file,
    source: { text: "", encoding: "utf-8", bom: false, binary: false },
    reported: { path: name, text: "", locate, diagnostics: [], problems: [], suppressed: 0, accepted: 0, facts: null },
    fixedText: null,
  };
}

function checkedFile(
  {
    name,
    file,
    source,
    problems,
  }: Pick<CheckedFile, "name" | "file" | "source"> & { readonly problems: readonly Problem[] },
  { fixedText, ...result }: CheckedText,
): CheckedFile {
  const program = sourceProgram(name, fixedText ?? source.text);
  return {
    name,
    file,
    source,
    reported: {
      ...result,
      diagnostics: result.diagnostics.map((each) => namedAlike(each, name, file)),
      accepted: 0,
      path: name,
      text: program.text,
      locate: program.locate,
      problems: [...problems, ...program.problems, ...result.problems],
    },
    fixedText,
  };
}

/** Places in other files are named as the file itself is: relative to the current folder where that one is. */
function namedAlike(diagnostic: Diagnostic, name: string, file: string): Diagnostic {
  if (path.isAbsolute(name) || !file.endsWith(name)) return diagnostic;
  const folder = file.slice(0, -name.length);
  const related = diagnostic.related.map((place) =>
    place.located !== undefined && place.path.startsWith(folder)
      ? { ...place, path: place.path.slice(folder.length) }
      : place,
  );
  return { ...diagnostic, related };
}
