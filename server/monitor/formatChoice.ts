import { binaryHeadSize, headSize, isBinary, recognizeBinary, recognizeFormat } from "../logs/index.ts";
import { longestLine } from "../logs/lineDecoder.ts";
import type { LogFormat } from "../logs/logFormat.ts";

/** Collects the first bytes of a log until they tell its format. */
export interface FormatChoice {
  /** The format with all bytes held so far once it is known, null while it is not. */
  push(bytes: Uint8Array): { readonly format: LogFormat; readonly bytes: Uint8Array } | null;
  /** The last try, with what there is. */
  finish(): { readonly format: LogFormat; readonly bytes: Uint8Array } | null;
  /** The last lines held, as raw text. */
  tail(): string[];
  /** Why no format is known. */
  problem(): string;
}

/**
 * Takes a binary format by its signature. Else chooses at line ends only, after 1, 2, 3, 4, 6, 8, 12, … lines, so that the choice depends on the bytes and not on how
 * they were cut. After 64 KiB without a choice the fallback is taken: long prints of code or settings come before numbers.
 * A first line that is longer, as of a log with thousands of columns, is waited for.
 */
export function createFormatChoice(fileName: string, fallback: LogFormat): FormatChoice {
  let held = Buffer.alloc(0);
  let scanned = 0;
  let lines = 0;
  let next = 1;
  let binary = false;

  function take(format: LogFormat | null): { format: LogFormat; bytes: Uint8Array } | null {
    return format === null ? null : { format, bytes: held };
  }

  return {
    push(bytes) {
      if (binary) {
        return null;
      }
      const atStart = held.length < binaryHeadSize;
      held = Buffer.concat([held, bytes]);
      if (atStart && held.length >= binaryHeadSize) {
        const found = take(recognizeBinary(held, fileName));
        if (found !== null) {
          return found;
        }
      }
      for (; scanned < held.length && scanned < (lines === 0 ? longestLine : headSize); scanned++) {
        const byte = held[scanned];
        if (byte !== 0x0a && byte !== 0x0d) {
          continue;
        }
        lines++;
        if (lines < next) {
          continue;
        }
        next = Math.max(next + 1, Math.floor(next * 1.5));
        const end = held[scanned + 1] === 0 ? scanned + 2 : scanned + 1;
        const found = take(recognizeFormat(held.subarray(0, end), fileName, fallback));
        if (found !== null) {
          return found;
        }
      }
      if (held.length < headSize || (lines === 0 && held.length < longestLine)) {
        return null;
      }
      if (isBinary(held.subarray(0, headSize))) {
        binary = true;
        held = Buffer.alloc(0);
        return null;
      }
      return take(fallback);
    },
    finish() {
      return binary || held.length === 0 ? null : take(recognizeFormat(held, fileName, fallback));
    },
    tail() {
      return held
        .toString("utf8")
        .split(/[\r\n]+/)
        .filter((line) => line.trim().length > 0)
        .slice(-5);
    },
    problem() {
      return binary || isBinary(held.subarray(0, headSize))
        ? "is binary in a form that is not known"
        : "holds no numbers in a form that is known";
    },
  };
}
