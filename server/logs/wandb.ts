import { crc32 } from "node:zlib";
import { createHeldBytes } from "./heldBytes.ts";
import type { LogFormat, LogReader, LogRecord } from "./logFormat.ts";
import { createWandbRecordParser } from "./wandbRecord.ts";

/** LevelDB's log format (doc/log_format.md of LevelDB), behind a file header of wandb's own that the first block counts in. */
const blockSize = 32_768;
const chunkHeader = 7;
/** ":W&B", the magic number 0xBEE1, version 0 (wandb/sdk/internal/datastore.py). */
const fileHeader = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0);

const full = 1;
const first = 2;
const middle = 3;
const last = 4;

/** Histories are some kilobytes; a file cannot ask for more memory than this. */
const largestRecord = 64 * 1024 * 1024;

/**
 * The file that wandb writes beside each run, online or off. A chunk whose checksum is wrong costs its record, a chunk that
 * is not whole yet is waited for. The checksum is plain CRC-32 over the chunk's type and data.
 */
export const wandb: LogFormat = { name: "wandb", binary: true, recognize, createReader };

function recognize(head: Uint8Array): number {
  return isFileHeader(head) ? 1 : 0;
}

function isFileHeader(bytes: Uint8Array): boolean {
  return bytes.length >= fileHeader.length && fileHeader.every((byte, i) => bytes[i] === byte);
}

function createReader(): LogReader {
  const held = createHeldBytes();
  const parser = createWandbRecordParser();
  const skipped: { count: number; first: { line: number; reason: string } | null } = { count: 0, first: null };
  let offset = 0;
  let ordinal = 0;
  let dead = false;
  let parts: Uint8Array[] = [];
  let partsSize = 0;

  function skip(reason: string): void {
    skipped.count++;
    skipped.first ??= { line: ordinal + 1, reason };
    parts = [];
    partsSize = 0;
  }

  function takeChunk(type: number, data: Uint8Array, endOffset: number, out: LogRecord[]): void {
    const begins = type === full || type === first;
    if (parts.length > 0 && (begins || (type !== middle && type !== last))) {
      skip("it is torn");
    }
    // Behind a chunk that was lost the rest of its record is passed over.
    if (!begins && parts.length === 0) {
      return;
    }
    parts.push(data);
    partsSize += data.length;
    if (partsSize > largestRecord) {
      skip("it is larger than 64 MiB");
    } else if (type === full || type === last) {
      const whole = parts.length === 1 ? data : Buffer.concat(parts, partsSize);
      parts = [];
      partsSize = 0;
      takeRecord(whole, endOffset, out);
    }
  }

  function takeRecord(bytes: Uint8Array, endOffset: number, out: LogRecord[]): void {
    const said = parser.parse(bytes);
    if (said === null) {
      skip("no record of wandb");
    }
    ordinal++;
    if (said !== null && said !== "other") {
      out.push({ ...said, line: ordinal, endOffset });
    }
  }

  /** Reads whole chunks from the start of `bytes`; gives how many bytes they take and how many the next one needs. */
  function readChunks(bytes: Uint8Array, out: LogRecord[]): { at: number; needed: number } {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (;;) {
      const left = blockSize - ((offset + at) % blockSize);
      const needed = offset + at === 0 ? fileHeader.length : left < chunkHeader ? left : chunkHeader;
      if (bytes.length - at < needed) {
        return { at, needed };
      }
      if (offset + at === 0) {
        dead = !isFileHeader(bytes);
        if (dead) {
          skip("the file's header is not one of wandb");
          return { at: bytes.length, needed: 0 };
        }
        at += needed;
        continue;
      }
      if (left < chunkHeader) {
        at += left;
        continue;
      }
      const crc = view.getUint32(at, true);
      const length = view.getUint16(at + 4, true);
      const type = view.getUint8(at + 6);
      const padding = crc === 0 && length === 0 && type === 0;
      if (padding || length > left - chunkHeader) {
        // The rest of this block is unused or cannot be told apart.
        if (bytes.length - at < left) {
          return { at, needed: left };
        }
        if (!padding) {
          skip("a length is wrong");
        }
        at += left;
        continue;
      }
      const to = at + chunkHeader + length;
      if (to > bytes.length) {
        return { at, needed: to - at };
      }
      if (crc === crc32(bytes.subarray(at + 6, to))) {
        takeChunk(type, bytes.slice(at + chunkHeader, to), offset + to, out);
      } else {
        skip("its checksum is wrong");
      }
      at = to;
    }
  }

  return {
    push(chunk) {
      const out: LogRecord[] = [];
      const bytes = dead ? null : held.add(chunk);
      if (bytes !== null) {
        const { at, needed } = readChunks(bytes, out);
        offset += at;
        held.keep(bytes.subarray(at), needed);
      }
      return out;
    },
    finish: () => [],
    beginAgain() {
      held.keep(new Uint8Array(0), 0);
      offset = 0;
      parts = [];
      partsSize = 0;
      dead = false;
    },
    skipped,
  };
}
