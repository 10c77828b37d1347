import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";

/** Long enough for a slow network disk, short enough that an editor does not wait on a hung git. */
const timeout = 5_000;
const maximumBytes = 64 * 1024 * 1024;

/** The text of a file at a git revision; null outside a repository, for a file that is new there, and without git. */
export async function textAtRevision(file: string, revision = "HEAD"): Promise<string | null> {
  if (revision.startsWith("-") || revision.includes(":")) return null;
  return git(path.dirname(path.resolve(file)), ["cat-file", "blob", `${revision}:./${path.basename(file)}`]);
}

/** A file's bytes as they are on disk. */
export interface FileBytes {
  /** Absolute. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * The texts at `HEAD` of those files that differ from it, by file: two runs of git for each repository that files lie in, and
 * none outside repositories. Unchanged files, files that are new, and all where there is no git, are missing.
 */
export async function changedTextsAtHead(files: readonly FileBytes[]): Promise<ReadonlyMap<string, string>> {
  const roots = new Map<string, string | null>();
  const byRoot = new Map<string, (FileBytes & { readonly name: string })[]>();
  for (const { file, bytes } of files) {
    const folder = realFolder(path.dirname(file));
    const root = folder === null ? null : repositoryOf(folder, roots);
    const name = folder === null || root === null ? "" : path.join(path.relative(root, folder), path.basename(file));
    // Git reads one name a line.
    if (root === null || name.includes("\n")) continue;
    byRoot.set(root, [...(byRoot.get(root) ?? []), { file, bytes, name: name.split(path.sep).join("/") }]);
  }
  const texts = new Map<string, string>();
  for (const [root, inside] of byRoot) {
    const names = inside.map(({ name }) => `HEAD:./${name}\n`).join("");
    const listed = (await git(root, ["cat-file", "--batch-check"], names))?.split("\n") ?? [];
    const changed = inside.flatMap(({ file, bytes }, index) => {
      const id = /^([0-9a-f]{40,64}) blob \d+$/.exec(listed[index] ?? "")?.[1];
      return id === undefined || id === blobId(bytes, id.length) ? [] : [{ file, id }];
    });
    if (changed.length === 0) continue;
    const blobs = await gitBytes(root, ["cat-file", "--batch"], changed.map(({ id }) => `${id}\n`).join(""));
    let at = 0;
    for (const { file, id } of changed) {
      const header = blobs?.subarray(at, blobs.indexOf(0x0a, at)).toString("latin1") ?? "";
      const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1]);
      if (blobs === null || !header.startsWith(id) || Number.isNaN(size)) break;
      const start = at + header.length + 1;
      texts.set(file, blobs.toString("utf8", start, start + size));
      at = start + size + 1;
    }
  }
  return texts;
}

/** Git's name of these bytes: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects. */
function blobId(bytes: Uint8Array, length: number): string {
  const hash = createHash(length === 40 ? "sha1" : "sha256");
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function realFolder(folder: string): string | null {
  try {
    return realpathSync(folder);
  } catch {
    return null;
  }
}

/** The nearest folder upward that holds `.git`; `known` keeps what was found for folders. */
export function repositoryOf(folder: string, known: Map<string, string | null> = new Map()): string | null {
  const found = known.get(folder);
  if (found !== undefined) return found;
  const parent = path.dirname(folder);
  const root = existsSync(path.join(folder, ".git")) ? folder : parent === folder ? null : repositoryOf(parent, known);
  known.set(folder, root);
  return root;
}

/**
 * What a repository's own settings can have git run (hooks, fsmonitor, a pager, another program for a remote) is switched off;
 * what converts texts (filters, textconv, an external diff) is never asked for, since blobs are read as they are stored.
 */
const nothingElseRuns = [
  "--no-pager",
  ...["core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat", "protocol.allow=never"].flatMap(
    (setting) => ["-c", setting],
  ),
];
/** No locks beside the user's own git, no questions, and no fetching of what a partial clone lacks. */
const quietGit = {
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  LC_ALL: "C",
};

/** What git prints; null when it fails, is absent or takes too long. No other program is run. */
export async function git(folder: string, options: readonly string[], input?: string): Promise<string | null> {
  return (await gitBytes(folder, options, input))?.toString("utf8") ?? null;
}

function gitBytes(folder: string, options: readonly string[], input?: string): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const settings = { cwd: folder, timeout, maxBuffer: maximumBytes, windowsHide: true };
    const environment = { ...process.env, ...quietGit };
    const child = execFile(
      "git",
      [...nothingElseRuns, ...options],
      { ...settings, env: environment, encoding: "buffer" },
      (error, stdout) => {
        resolve(error === null ? stdout : null);
      },
    );
    if (input === undefined) return;
    // It may end before it has read all.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
