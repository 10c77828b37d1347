import { execFile } from "node:child_process";
import path from "node:path";

/** Long enough for a slow network disk, short enough that an editor does not wait on a hung git. */
const timeout = 5_000;
const maximumBytes = 64 * 1024 * 1024;

/** The text of a file at a git revision; null outside a repository, for a file that is new there, and without git. */
export async function textAtRevision(file: string, revision = "HEAD"): Promise<string | null> {
  if (revision.startsWith("-") || revision.includes(":")) return null;
  return git(path.dirname(path.resolve(file)), ["cat-file", "blob", `${revision}:./${path.basename(file)}`]);
}

/**
 * What git prints; null when it fails, is absent or takes too long. A repository's own settings can name programs to run
 * (fsmonitor, textconv): none is run here, for the folder may not be trusted.
 */
export function git(folder: string, options: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const settings = { cwd: folder, timeout, maxBuffer: maximumBytes, windowsHide: true };
    const environment = { ...process.env, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
    execFile(
      "git",
      ["-c", "core.fsmonitor=false", ...options],
      { ...settings, env: environment, encoding: "utf8" },
      (error, stdout) => {
        resolve(error === null ? stdout : null);
      },
    );
  });
}
