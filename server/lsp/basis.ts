import { readFile } from "node:fs/promises";
import type { Connection } from "vscode-languageserver";
import { settingsProblemText } from "../config/settingsFiles.ts";
import { type AcceptedEntry, readAccepted } from "../lint/acceptedFindings.ts";
import { earlierState } from "../lint/earlierState.ts";
import { textAtRevision } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import type { LibraryVersions, Linter } from "../lint/linter.ts";
import { locateIn } from "../report/reportedFile.ts";
import type { Baseline } from "../rules/rule.ts";
import { runText } from "../snapshots/snapshot.ts";
import { lastSnapshotOf } from "../snapshots/snapshotStore.ts";
import { cellAt, readNotebook } from "../text/notebook.ts";
import { editorSettings } from "./editorSettings.ts";
import type { LintBasis } from "./openPrograms.ts";
import type { Program } from "./programs.ts";

/** Settings and pinned versions that hold for a program; problems of the settings are told in the editor's log. */
export async function loadBasis(
  connection: Connection,
  program: Program,
  asksClient: boolean,
): Promise<Pick<LintBasis, "settings" | "libraryVersions" | "accepted">> {
  const [{ settings, problems }, libraryVersions] = await Promise.all([
    editorSettings(connection, program.uri, asksClient),
    isOnDisk(program) ? libraryVersionsFor(program.path) : new Map(),
  ]);
  for (const problem of problems) connection.console.warn(await settingsProblemText(problem));
  const accepted = await acceptedFor(connection, program, settings.lint.baseline);
  return { settings, libraryVersions, accepted };
}

/** What the baseline accepts in a program; one that cannot be read accepts nothing, which the log tells. */
async function acceptedFor(
  connection: Connection,
  program: Program,
  file: string | null,
): Promise<readonly AcceptedEntry[]> {
  if (file === null || !isOnDisk(program)) return [];
  const text = await readFile(file, "utf8").catch(() => null);
  const { value, problems } = text === null ? { value: null, problems: [] } : readAccepted(file, text);
  for (const problem of problems) connection.console.warn(await settingsProblemText(problem));
  return value?.get(program.path) ?? [];
}

/** Hyperparameters of a program as its last run had them, else as git's HEAD has them; null where neither knows it. */
export async function loadBaseline(
  linter: Linter,
  program: Program,
  libraryVersions: LibraryVersions,
): Promise<Baseline | null> {
  if (!isOnDisk(program)) return null;
  const run = await lastSnapshotOf(program.path);
  if (run !== null) return { name: runText(run), hyperparameters: run.hyperparameters };
  const earlier = await textAtRevision(program.path);
  if (earlier === null) return null;
  const notebook = program.path.endsWith(".ipynb") ? readNotebook(program.path, earlier).value : null;
  const text = notebook?.text ?? earlier;
  const locate = notebook === null ? locateIn(text) : (at: number) => cellAt(notebook, at) ?? { row: 1, cell: null };
  const document = await linter.openDocument(program.path, text);
  if (!document) return null;
  try {
    return { name: "HEAD", hyperparameters: earlierState(document.facts(libraryVersions).hyperparameters, locate) };
  } finally {
    document.dispose();
  }
}

function isOnDisk(program: Program): boolean {
  return program.uri.startsWith("file:");
}
