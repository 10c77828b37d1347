import { readFile } from "node:fs/promises";
import type { Connection } from "vscode-languageserver";
import { settingsProblemText } from "../config/settingsFiles.ts";
import { type AcceptedEntry, readAccepted } from "../lint/acceptedFindings.ts";
import { textAtRevision } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import type { LibraryVersions, Linter } from "../lint/linter.ts";
import type { Baseline } from "../lint/lintSource.ts";
import { readNotebook } from "../text/notebook.ts";
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

/** Hyperparameters of a program as git's HEAD has it; null where git does not know it. */
export async function loadBaseline(
  linter: Linter,
  program: Program,
  libraryVersions: LibraryVersions,
): Promise<Baseline | null> {
  if (!isOnDisk(program)) return null;
  const earlier = await textAtRevision(program.path);
  if (earlier === null) return null;
  const isNotebook = program.path.endsWith(".ipynb");
  const text = isNotebook ? readNotebook(program.path, earlier).value.text : earlier;
  const document = await linter.openDocument(program.path, text);
  if (!document) return null;
  try {
    return { name: "HEAD", hyperparameters: document.facts(libraryVersions).hyperparameters };
  } finally {
    document.dispose();
  }
}

function isOnDisk(program: Program): boolean {
  return program.uri.startsWith("file:");
}
