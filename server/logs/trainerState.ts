import { parseJsonLine } from "./jsonl.ts";
import { headLines } from "./lineDecoder.ts";
import type { LogFormat, LogReader, LogRecord } from "./logFormat.ts";

/** A record of `log_history` that is longer is none. */
const longestRecord = 4 * 1024 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Keys of `TrainerState` (transformers/trainer_callback.py) that stand first when they are sorted. */
const firstKeys = /^\s*\{\s*"(?:best_global_step|best_metric|best_model_checkpoint|epoch|eval_steps|global_step)"\s*:/;

/**
 * `trainer_state.json` of Hugging Face's Trainer: each entry of `log_history` is a record. The file is written anew at each
 * checkpoint. Python's bare NaN and Infinity are read.
 */
export const trainerState: LogFormat = { name: "trainer-state", recognize, createReader };

function recognize(head: Uint8Array, fileName: string): number {
  const start = headLines(head).join("\n");
  if (!firstKeys.test(start)) {
    return 0;
  }
  if (/"log_history"\s*:\s*\[/.test(start)) {
    return 1;
  }
  return /"(?:best_metric|best_model_checkpoint|best_global_step)"/.test(start) || /trainer_state/.test(fileName)
    ? 0.99
    : 0;
}

function createReader(): LogReader {
  const skipped: { count: number; first: { line: number; reason: string } | null } = { count: 0, first: null };
  let offset = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** The last string at the outermost level: the key of what follows. */
  let key: number[] = [];
  let inHistory = false;
  let record: number[] | null = null;
  let ordinal = 0;

  function takeRecord(bytes: number[], out: LogRecord[]): void {
    ordinal++;
    const read = parseJsonLine(Buffer.from(bytes).toString("utf8"), ordinal, offset);
    if (read !== null) {
      out.push(read);
    } else {
      skipped.count++;
      skipped.first ??= { line: ordinal, reason: "an entry of log_history without numbers" };
    }
  }

  function takeByte(byte: number, out: LogRecord[]): void {
    record?.push(byte);
    if (record !== null && record.length > longestRecord) {
      record = null;
      skipped.count++;
      skipped.first ??= { line: ordinal + 1, reason: "an entry of log_history longer than 4 MiB" };
    }
    if (inString) {
      if (escaped) {
        escaped = false;
      } else if (byte === backslash) {
        escaped = true;
      } else if (byte === quote) {
        inString = false;
        return;
      }
      if (depth === 1 && key.length < 32) {
        key.push(byte);
      }
      return;
    }
    switch (byte) {
      case quote:
        inString = true;
        key = depth === 1 ? [] : key;
        break;
      case openBrace:
      case openBracket:
        depth++;
        if (depth === 2) {
          inHistory = byte === openBracket && Buffer.from(key).toString("latin1") === "log_history";
        } else if (depth === 3 && inHistory && byte === openBrace) {
          record = [byte];
        }
        break;
      case closeBrace:
      case closeBracket:
        depth = Math.max(0, depth - 1);
        if (depth === 2 && record !== null) {
          takeRecord(record, out);
          record = null;
        }
        break;
    }
  }

  return {
    push(chunk) {
      const out: LogRecord[] = [];
      for (const byte of chunk) {
        offset++;
        takeByte(byte, out);
      }
      return out;
    },
    finish: () => [],
    beginAgain() {
      offset = 0;
      depth = 0;
      inString = false;
      escaped = false;
      inHistory = false;
      record = null;
    },
    skipped,
  };
}
