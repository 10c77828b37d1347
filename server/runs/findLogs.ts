import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { eventFilesOf, eventPartsOf } from "../logs/eventFiles.ts";
import { databaseKind } from "../logs/metricsDatabase.ts";
import { isMlflowRun } from "../logs/mlflowFiles.ts";
import type { FoundStore } from "./openStore.ts";
import { newestTrainerStates } from "./trainerStateCopies.ts";

/** Endings of files that hold training logs in a form that is read. */
const logEnding = /(?:\.(?:log|txt|out|err|jsonl|ndjson|csv|tsv|wandb)|^trainer_state\.json)$/i;
const databaseEnding = /\.(?:db|sqlite3?)$/i;
/** Files beside logs that have such an ending and are none. */
const otherFile = /^(readme|license|requirements|notice|changelog|todo|hparams|config|args|vocab|merges)([._-].*)?$/i;
const skippedFolder = /^(\.git|node_modules|__pycache__|\.venv|venv|site-packages|wandb-cache)$/;

/** Beside a `.wandb` file these hold wandb's own debug logs and a copy of what the run printed. */
const besideWandb = /^(files|logs|tmp)$/;

/** A folder is looked through this deep, and not past this many logs: more is not one experiment's folder. */
const deepest = 6;
export const mostLogs = 2_000;

/** A log that makes a run of its own. */
export interface FoundLog {
  readonly path: string;
  /** Its run's name: the file's, with its folder where that says more (`version_0/metrics.csv`). */
  readonly name: string;
  /** For one of several copies of one run's log (`checkpoint-N/trainer_state.json`): what is the same for all of them. */
  readonly copiesOf?: string;
  /** Set where `path` is a folder of files that make one run, or a database of runs. */
  readonly store?: FoundStore;
}

/** The logs of a folder in order of their paths, or the file itself. Empty when the path is not there (yet). */
export async function findLogs(path: string): Promise<FoundLog[]> {
  const found: FoundLog[] = [];
  try {
    if ((await stat(path)).isDirectory()) {
      await look(path, path, 0, found);
    } else {
      const tables = databaseEnding.test(path) ? await databaseKind(path) : null;
      found.push({ path, name: basename(path), ...(tables === null ? {} : { store: { kind: "database", tables } }) });
    }
  } catch {
    return found;
  }
  return newestTrainerStates(found);
}

async function look(root: string, folder: string, depth: number, found: FoundLog[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = entries.map(({ name }) => name);
  if (names.includes("meta.yaml") && (await isMlflowRun(folder))) {
    found.push({ path: folder, name: nameOfFolder(root, folder), store: { kind: "mlflow-files" } });
    return;
  }
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const below = await eventPartsOf(folder, names, folders);
  if (eventFilesOf(names).length > 0 || below.length > 0) {
    found.push({ path: folder, name: nameOfFolder(root, folder), store: { kind: "event-files", below } });
  }
  const hasWandb = entries.some((entry) => entry.name.endsWith(".wandb"));
  for (const entry of entries) {
    if (found.length >= mostLogs) {
      return;
    }
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (
        !below.includes(entry.name) &&
        depth < deepest &&
        !skippedFolder.test(entry.name) &&
        !(hasWandb && besideWandb.test(entry.name))
      ) {
        await look(root, path, depth + 1, found);
      }
    } else if (databaseEnding.test(entry.name)) {
      const tables = await databaseKind(path);
      if (tables !== null) {
        found.push({ path, name: nameOf(root, path), store: { kind: "database", tables } });
      }
    } else if (logEnding.test(entry.name) && !otherFile.test(entry.name)) {
      found.push({ path, name: nameOf(root, path) });
    }
  }
}

function nameOf(root: string, path: string): string {
  const folder = dirname(path);
  return folder === root ? basename(path) : `${folder.slice(root.length + 1).replaceAll("\\", "/")}/${basename(path)}`;
}

function nameOfFolder(root: string, folder: string): string {
  return folder === root ? basename(folder) : folder.slice(root.length + 1).replaceAll("\\", "/");
}
