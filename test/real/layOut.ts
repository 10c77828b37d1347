import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Script } from "./labels.ts";

/** What Haywire reads, and what says which libraries a project uses. */
const wanted = /\.(py|ipynb|[cm]?[jt]sx?|ya?ml|toml|json)$|(^|\/)requirements[^/]*\.txt$/;
const largest = 1_500_000;

/**
 * Writes the files of the scripts' repositories, at the scripts' commits, below a folder of the system's temporary one, and
 * returns the scripts with their file's absolute path. `clones` holds a clone or bare mirror a repository, named `owner+name` or
 * `owner/name`; scripts of repositories that are not there are left out with a word on standard error.
 */
export function layOut(clones: string, scripts: readonly Script[]): readonly (Script & { readonly file: string })[] {
  const places = new Map<string, string | null>();
  return scripts.flatMap((script) => {
    const { repository, commit } = script;
    const key = `${repository}@${commit}`;
    if (!places.has(key)) places.set(key, layOutRepository(clones, repository, commit));
    const place = places.get(key) ?? null;
    return place === null ? [] : [{ ...script, file: path.join(place, script.path) }];
  });
}

function layOutRepository(clones: string, repository: string, commit: string): string | null {
  const gitFolder = gitFolderOf(clones, repository);
  if (gitFolder === null) {
    console.error(`${repository} is not below ${clones}: left out`);
    return null;
  }
  const place = path.join(tmpdir(), "haywire-real", `${repository.replace("/", "+")}@${commit.slice(0, 12)}`);
  if (existsSync(path.join(place, ".complete"))) return place;
  const git = (input: string, ...args: string[]) =>
    execFileSync("git", ["--git-dir", gitFolder, ...args], { input, maxBuffer: 2 ** 30 });
  const names = new Map<string, string[]>();
  for (const entry of git("", "ls-tree", "-r", "-l", "-z", commit).toString("utf8").split("\0")) {
    const [, type, object, size, name] = /^\d+ (\w+) (\w+) +(\S+)\t(.+)$/s.exec(entry) ?? [];
    if (type !== "blob" || object === undefined || name === undefined) continue;
    if (wanted.test(name) && Number(size) <= largest) names.set(object, [...(names.get(object) ?? []), name]);
  }
  for (const { object, bytes } of blobs(git([...names.keys(), ""].join("\n"), "cat-file", "--batch"))) {
    for (const name of names.get(object) ?? []) {
      const file = path.join(place, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
  }
  writeFileSync(path.join(place, ".complete"), "");
  return place;
}

/** The output of `git cat-file --batch`; objects that a partial clone lacks are left out. */
function* blobs(output: Buffer): Generator<{ readonly object: string; readonly bytes: Buffer }> {
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf("\n", at);
    const [object = "", type, size] = output.toString("latin1", at, end).split(" ");
    at = end + 1;
    if (type !== "blob") continue;
    yield { object, bytes: output.subarray(at, at + Number(size)) };
    at += Number(size) + 1;
  }
}

function gitFolderOf(clones: string, repository: string): string | null {
  for (const name of [repository.replace("/", "+"), repository]) {
    for (const inner of ["", ".git", "repo", "repo/.git"]) {
      const folder = path.join(clones, name, inner);
      if (existsSync(path.join(folder, "objects"))) return folder;
    }
  }
  return null;
}
