/** The log formats, one line each; a new one is added here. */
import { csv } from "./csv.ts";
import { jsonl } from "./jsonl.ts";
import type { LogFormat } from "./logFormat.ts";
import { tensorboard } from "./tensorboard.ts";
import { text } from "./text.ts";
import { trainerState } from "./trainerState.ts";
import { wandb } from "./wandb.ts";

export const logFormats: readonly LogFormat[] = [trainerState, jsonl, csv, text, tensorboard, wandb];

/** What a file that no format claims is read as when numbers may still come: programs print before they train. */
export const fallbackFormat: LogFormat = text;

/** Bytes that `recognizeFormat` looks at: enough for the source code or settings that some runs print first. */
export const headSize = 64 * 1024;

/** Bytes that tell a binary format: the header of an event file's first record. */
export const binaryHeadSize = 12;

/** Below this a format is not taken: half of the lines do not fit it. */
const surely = 0.3;

/**
 * The format of a log by its first bytes (up to `headSize`, or its whole first line); its name only breaks ties. Null when no format fits:
 * callers say that the format is unknown, and may ask again when the file has grown. `textFormat` stands for `text` where a
 * user has patterns.
 */
export function recognizeFormat(head: Uint8Array, fileName: string, textFormat: LogFormat = text): LogFormat | null {
  const bytes = head.subarray(0, Math.max(headSize, head.indexOf(0x0a) + 1));
  const binary = recognizeBinary(head, fileName);
  if (binary !== null || isBinary(bytes)) {
    return binary;
  }
  let best: LogFormat | null = null;
  let most = surely;
  for (const known of logFormats.filter((one) => one.binary === undefined)) {
    const format = known === text ? textFormat : known;
    const score = format.recognize(bytes, fileName);
    if (score > most) {
      most = score;
      best = format;
    }
  }
  return best;
}

/** The binary format whose signature the first bytes are, null for none. */
export function recognizeBinary(head: Uint8Array, fileName: string): LogFormat | null {
  const bytes = head.subarray(0, binaryHeadSize);
  return logFormats.find((format) => format.binary === true && format.recognize(bytes, fileName) > surely) ?? null;
}

/** NUL bytes that UTF-16 text does not explain. */
export function isBinary(bytes: Uint8Array): boolean {
  const utf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0);
  if (!utf16) {
    return bytes.includes(0);
  }
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    if (bytes[i] === 0 && bytes[i + 1] === 0) {
      return true;
    }
  }
  return false;
}
