import { open, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { type FileTail, openFileTail } from "./fileTail.ts";
import type { LogReader, LogRecord } from "./logFormat.ts";
import type { LogStore } from "./logStore.ts";
import { phaseOfWord } from "./recordPhase.ts";
import { tensorboard } from "./tensorboard.ts";

const eventFile = /\.tfevents\.[^/]*(?<!\.profile-empty)$/;

interface EventFile {
  readonly tail: FileTail;
  readonly reader: LogReader;
  /** Folder below the run's, empty for the run's own. */
  readonly folder: string;
  readonly phase: "train" | "val" | null;
}

/** Names of the event files of a folder, in order. */
export function eventFilesOf(names: readonly string[]): string[] {
  return names.filter((name) => eventFile.test(name)).sort();
}

/**
 * Folders below one that hold event files of the same run: `train` and `validation` (Keras), `eval` (estimators), and
 * `TAG_KEY` for each key that torch's `add_scalars` was given. `names` are those of the folder, `folders` the folders in it.
 */
export async function eventPartsOf(
  folder: string,
  names: readonly string[],
  folders: readonly string[],
): Promise<string[]> {
  const hasOwn = eventFilesOf(names).length > 0;
  const phases = new Set(folders.map((name) => phaseOfWord(name)));
  const pair = phases.has("val") && (hasOwn || phases.has("train"));
  const parts: string[] = [];
  for (const name of folders) {
    const isPhase = phaseOfWord(name) !== null;
    if ((isPhase && !pair) || (!isPhase && !(hasOwn && name.includes("_")))) {
      continue;
    }
    const [first] = eventFilesOf(await readdir(join(folder, name)).catch(() => []));
    if (first !== undefined && (isPhase || (await isOfOneTag(join(folder, name, first), name)))) {
      parts.push(name);
    }
  }
  return parts;
}

/** True where the first scalar's tag is what the folder is named after. */
async function isOfOneTag(path: string, folder: string): Promise<boolean> {
  const reader = tensorboard.createReader();
  let tag: string | undefined;
  await readHead(path, (bytes) => {
    tag = reader.push(bytes)[0]?.values.keys().next().value;
  });
  return tag !== undefined && nameBelow(tag, folder) !== tag;
}

async function readHead(path: string, onBytes: (bytes: Uint8Array) => void): Promise<void> {
  const handle = await open(path, "r").catch(() => null);
  if (handle !== null) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    await handle.close();
    onBytes(buffer.subarray(0, bytesRead));
  }
}

/**
 * The event files of one run, in its folder and in those below that belong to it. Files are read in the order of their
 * names, which begin with their time; a later one whose steps go back is a restart, and both branches are kept.
 */
export function openEventFiles(folder: string, below: readonly string[]): LogStore {
  const files = new Map<string, EventFile>();
  /** The last step of each tag over all files. */
  const lastSteps = new Map<string, number>();
  let ordinal = 0;

  async function findFiles(): Promise<void> {
    for (const part of ["", ...below]) {
      const at = part === "" ? folder : join(folder, part);
      const entries = await readdir(at).catch(() => []);
      for (const name of eventFilesOf(entries)) {
        const path = join(at, name);
        if (!files.has(path)) {
          const phase = part === "" ? null : phaseOfWord(basename(part));
          files.set(path, { tail: openFileTail(path), reader: tensorboard.createReader(), folder: part, phase });
        }
      }
    }
  }

  function merged(record: LogRecord, file: EventFile): LogRecord {
    ordinal++;
    const { step = 0 } = record;
    const values = new Map<string, number>();
    let restart = record.restart === true;
    for (const [tag, value] of record.values) {
      const name = nameBelow(tag, file.folder);
      const key = `${file.phase ?? ""} ${name}`;
      restart = restart || step < (lastSteps.get(key) ?? Number.NEGATIVE_INFINITY);
      values.set(name, value);
    }
    if (restart) {
      lastSteps.clear();
    }
    for (const name of values.keys()) {
      lastSteps.set(`${file.phase ?? ""} ${name}`, step);
    }
    const wallTime = record.wallTime === undefined ? {} : { wallTime: record.wallTime };
    const phase = file.phase === null ? {} : { phase: file.phase };
    return { values, line: ordinal, endOffset: ordinal, step, ...wallTime, ...phase, ...(restart ? { restart } : {}) };
  }

  return {
    format: tensorboard.name,
    async look() {
      await findFiles();
      const records: LogRecord[] = [];
      for (const file of files.values()) {
        await file.tail.read(
          (bytes) => records.push(...file.reader.push(bytes).map((record) => merged(record, file))),
          () => file.reader.beginAgain?.(),
        );
      }
      const skipped = [...files.values()].reduce((sum, { reader }) => sum + reader.skipped.count, 0);
      return records.length === 0
        ? []
        : [{ id: "", name: basename(folder), records, state: null, settings: new Map(), skipped }];
    },
  };
}

/** `add_scalars("loss", {"train": …})` writes the tag `loss` into the folder `loss_train`. */
function nameBelow(tag: string, folder: string): string {
  const stem = `${tag.replaceAll("/", "_")}_`;
  return folder.startsWith(stem) ? `${tag}/${folder.slice(stem.length)}` : tag;
}
