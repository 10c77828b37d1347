import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { FoundLog } from "./findLogs.ts";

/** `global_step` stands before `log_history`, since the keys are sorted. */
const globalStep = /"global_step"\s*:\s*(\d+)/;

/**
 * Keeps one `trainer_state.json` of each output folder: the Trainer writes a copy into each `checkpoint-N`, and each holds
 * the whole history up to there. The copy with the highest step stays, at its place in the list.
 */
export async function newestTrainerStates(found: readonly FoundLog[]): Promise<FoundLog[]> {
  const newest = new Map<string, { readonly log: FoundLog; readonly step: number }>();
  for (const log of found) {
    const owner = ownerOf(log.path);
    if (owner === null) {
      continue;
    }
    const step = await stepOf(log.path);
    const before = newest.get(owner);
    if (before === undefined || step > before.step || (step === before.step && dirname(log.path) === owner)) {
      newest.set(owner, { log, step });
    }
  }
  return found.flatMap((log) => {
    const owner = ownerOf(log.path);
    if (owner === null) {
      return [log];
    }
    return newest.get(owner)?.log === log ? [{ ...log, copiesOf: owner }] : [];
  });
}

/** The folder that the run writes to, null for other files. */
function ownerOf(path: string): string | null {
  if (basename(path) !== "trainer_state.json") {
    return null;
  }
  const folder = dirname(path);
  return /^checkpoint-\d+$/.test(basename(folder)) ? dirname(folder) : folder;
}

async function stepOf(path: string): Promise<number> {
  const handle = await open(path, "r").catch(() => null);
  if (handle === null) {
    return -1;
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const step = globalStep.exec(buffer.toString("latin1", 0, bytesRead))?.[1];
    return step === undefined ? -1 : Number(step);
  } finally {
    await handle.close();
  }
}
