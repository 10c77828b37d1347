import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { repositoryOf } from "../lint/gitBaseline.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";

/** Older runs are forgotten: a snapshot is some kilobytes, with its diff up to a megabyte. */
const kept = 100;

/** The folder whose `.haywire/runs` keeps the runs of a script: its repository's root, else its own folder. */
export function storeRootOf(script: string): string {
  const folder = path.dirname(path.resolve(script));
  return repositoryOf(folder) ?? folder;
}

/** Keeps a snapshot. The folder tells git to ignore it, so that no repository has to. */
export async function keepSnapshot(root: string, snapshot: Snapshot): Promise<void> {
  const folder = runsFolder(root);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(root, ".haywire", ".gitignore"), "*\n");
  await writeFile(path.join(folder, `${snapshot.name}.json`), `${JSON.stringify(snapshot, null, 1)}\n`);
  const names = await namesIn(root);
  for (const name of names.slice(0, Math.max(0, names.length - kept)))
    await rm(path.join(folder, name), { force: true });
}

/** Every run that is kept, the oldest first. */
export async function snapshotsIn(root: string): Promise<readonly Snapshot[]> {
  const folder = runsFolder(root);
  const found = await Promise.all(
    (await namesIn(root)).map(async (name) => {
      const text = await readFile(path.join(folder, name), "utf8").catch(() => "");
      return readSnapshot(text);
    }),
  );
  return found.filter((each) => each !== null).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

/** The last run of a script; `known` keeps the runs of each root from one call to the next. */
export async function lastSnapshotOf(
  script: string,
  known: Map<string, Promise<readonly Snapshot[]>> = new Map(),
): Promise<Snapshot | null> {
  const root = storeRootOf(script);
  const reading = known.get(root) ?? snapshotsIn(root);
  known.set(root, reading);
  const own = path.relative(root, path.resolve(script)).split(path.sep).join("/");
  return (await reading).findLast((each) => each.script === own) ?? null;
}

function runsFolder(root: string): string {
  return path.join(root, ".haywire", "runs");
}

/** Sorted by time, which ends each name. */
async function namesIn(root: string): Promise<readonly string[]> {
  const names = await readdir(runsFolder(root)).catch(() => []);
  const time = (name: string) => /\d{8}-\d{6}(-\d+)?\.json$/.exec(name)?.[0] ?? "";
  return names.filter((name) => time(name) !== "").sort((a, b) => (time(a) < time(b) ? -1 : 1));
}
