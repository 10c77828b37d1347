import { readFile } from "node:fs/promises";
import path from "node:path";
import { earlierState } from "../lint/earlierState.ts";
import { changedTextsAtHead, git } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import type { Linter } from "../lint/linter.ts";
import { locateIn } from "../report/reportedFile.ts";
import { unifiedDiff } from "../report/unifiedDiff.ts";
import type { EarlierHyperparameter } from "../rules/hyperparameterChanges.ts";
import { decodeText } from "../text/decode.ts";
import type { Snapshot } from "./snapshot.ts";
import { stamp } from "./snapshot.ts";
import { keepSnapshot, storeRootOf } from "./snapshotStore.ts";

/** Longer texts are data rather than code: in bytes. */
const longestText = 200_000;
/** Of the diff as a whole, in UTF-16 code units. */
const longestDiff = 1_000_000;
/** Lines that may differ: comparing costs their square. */
const mostLines = 1_000;
/** Tracked files that are looked at. */
const mostFiles = 2_000;

export interface StartedRun {
  /** Absolute. */
  readonly script: string;
  readonly command: readonly string[];
  readonly startedAt: Date;
}

/** Keeps what a run is started with, for comparing later; null when its script cannot be read or says nothing of training. */
export async function recordSnapshot(linter: Linter, run: StartedRun): Promise<Snapshot | null> {
  const hyperparameters = await hyperparametersOf(linter, run.script);
  if (hyperparameters === null || hyperparameters.length === 0) return null;
  const root = storeRootOf(run.script);
  const commit = (await git(root, ["rev-parse", "--verify", "--quiet", "HEAD"]))?.trim() ?? null;
  const snapshot: Snapshot = {
    version: 1,
    name: `${path.basename(run.script, path.extname(run.script))}-${stamp(run.startedAt)}`,
    startedAt: run.startedAt.toISOString(),
    script: path.relative(root, run.script).split(path.sep).join("/"),
    command: run.command,
    commit,
    diff: commit === null ? "" : await diffFromHead(root),
    hyperparameters,
  };
  await keepSnapshot(root, snapshot);
  return snapshot;
}

async function hyperparametersOf(linter: Linter, script: string): Promise<readonly EarlierHyperparameter[] | null> {
  // Notebooks are not run as scripts.
  const bytes = script.endsWith(".ipynb") ? null : await readFile(script).catch(() => null);
  if (bytes === null) return null;
  const { text, binary } = decodeText(script, bytes).value;
  if (binary) return null;
  const { facts } = await linter.lintText({ path: script, text, libraryVersions: await libraryVersionsFor(script) });
  const isPlain = ({ value }: EarlierHyperparameter) => typeof value !== "number" || Number.isFinite(value);
  return earlierState(facts.hyperparameters, locateIn(text)).filter(isPlain);
}

/**
 * What tracked texts of code and settings differ from HEAD in. Which do is found here, by their blobs' names: git's own diffs and
 * its status run the filters that a repository's attributes name.
 */
async function diffFromHead(root: string): Promise<string> {
  const listed = await git(root, ["ls-files", "-z", "--cached", "--deduplicate"]);
  const names = (listed ?? "")
    .split("\0")
    .filter((name) => /\.(py|ya?ml|json|toml|cfg|ini|txt|sh|[mc]?[jt]sx?)$/.test(name));
  const files = await Promise.all(
    names.slice(0, mostFiles).map(async (name) => {
      const file = path.join(root, name);
      const bytes = await readFile(file).catch(() => null);
      return bytes === null || bytes.length > longestText ? [] : [{ file, bytes }];
    }),
  );
  const texts = await changedTextsAtHead(files.flat());
  let diff = "";
  for (const { file, bytes } of files.flat()) {
    const earlier = texts.get(file);
    const { text, binary } = decodeText(file, bytes).value;
    if (earlier === undefined || binary || earlier.includes("\0")) continue;
    const name = path.relative(root, file).split(path.sep).join("/");
    const differ = differingLines(earlier, text);
    const own = differ > mostLines ? `# ${name}: ${differ} lines differ\n` : unifiedDiff(name, earlier, text);
    if (diff.length + own.length <= longestDiff) diff += own;
  }
  return diff;
}

/** Lines of either text that the other does not have. */
function differingLines(before: string, after: string): number {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const [inOld, inNow] = [new Set(old), new Set(now)];
  return old.filter((line) => !inNow.has(line)).length + now.filter((line) => !inOld.has(line)).length;
}
