import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { isExcluded } from "../config/excludePattern.ts";
import { baselineFileName, type ExcludePattern } from "../config/settings.ts";
import type { Outcome, Problem } from "../text/problem.ts";
import { git } from "./gitBaseline.ts";

const extensions = new Set([".py", ".ipynb", ".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"]);
/** Read too where they are small enough to be written by hand: larger ones are data. */
const configurations = new Set([".json", ".yaml", ".yml"]);
const largestConfiguration = 64 * 1024;
const skippedFolders = new Set(["node_modules", "site-packages", "dist"]);

/**
 * The files to lint under the given paths, each once, in the order given and sorted within a folder. A file named outright is
 * taken whatever its name, unless `forceExclude` holds it to the globs too; folders are searched for code, without ignored, hidden, built and installed files. A path that
 * cannot be read is a problem.
 */
export async function findSources(
  paths: readonly string[],
  exclude: readonly ExcludePattern[],
  forceExclude = false,
): Promise<Outcome<readonly string[]>> {
  const found = new Set<string>();
  const problems: Problem[] = [];
  for (const each of paths) {
    const kind = await stat(each).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    if (kind instanceof Error) problems.push({ path: each, message: unreadable(kind) });
    else if (!kind.isDirectory()) {
      if (!forceExclude || !isExcluded(path.resolve(each), exclude)) found.add(each);
    } else for (const file of await sourcesIn(each, exclude, problems)) found.add(file);
  }
  return { value: [...found], problems };
}

async function sourcesIn(
  folder: string,
  exclude: readonly ExcludePattern[],
  problems: Problem[],
): Promise<readonly string[]> {
  const listed = await listedByGit(folder);
  // A folder that git ignores has been named on purpose.
  const files = listed === null || listed.length === 0 ? await listedByWalking(folder, exclude, problems) : listed;
  const wanted = files.filter((file) => isWanted(folder, file, exclude)).sort();
  const isSmall = await Promise.all(
    wanted.map(async (file) => {
      if (!configurations.has(path.extname(file).toLowerCase())) return true;
      return ((await stat(file).catch(() => null))?.size ?? 0) <= largestConfiguration;
    }),
  );
  return wanted.filter((_, index) => isSmall[index]);
}

/** Tracked and untracked files that git does not ignore; null outside a repository. */
async function listedByGit(folder: string): Promise<readonly string[] | null> {
  const listed = await git(folder, ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
  if (listed === null) return null;
  const names = listed.split("\0");
  const environments = names
    .filter((name) => /(^|\/)pyvenv\.cfg$/.test(name))
    .map((name) => name.slice(0, -"pyvenv.cfg".length));
  const files = names.filter((name) => isRead(name) && !environments.some((each) => name.startsWith(each)));
  const present = await Promise.all(
    files.map(async (name) => {
      const file = path.join(folder, name);
      const status = await stat(file).catch(() => null);
      return status?.isFile() === true ? [file] : [];
    }),
  );
  return present.flat();
}

async function listedByWalking(
  folder: string,
  exclude: readonly ExcludePattern[],
  problems: Problem[],
): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    problems.push({ path: folder, message: unreadable(error) });
    return [];
  });
  const names = new Set(entries.map(({ name }) => name));
  // A virtual environment by any name.
  if (names.has("pyvenv.cfg")) return [];
  const files: string[] = [];
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      const isSkipped = entry.name.startsWith(".") || skippedFolders.has(entry.name);
      if (!isSkipped && !isExcluded(path.resolve(file), exclude)) {
        files.push(...(await listedByWalking(file, exclude, problems)));
      }
    } else if (entry.isFile()) files.push(file);
  }
  return files;
}

function isRead(file: string): boolean {
  const extension = path.extname(file).toLowerCase();
  return extensions.has(extension) || configurations.has(extension);
}

function isWanted(folder: string, file: string, exclude: readonly ExcludePattern[]): boolean {
  if (!isRead(file) || file.endsWith(".d.ts") || path.basename(file) === baselineFileName) return false;
  const folders = path.relative(folder, file).split(path.sep).slice(0, -1);
  if (folders.some((name) => name.startsWith(".") || skippedFolders.has(name))) return false;
  return !isExcluded(path.resolve(file), exclude);
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "There is no such file or folder";
  if (code === "EACCES" || code === "EPERM") return "No permission to read this";
  return `Cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
