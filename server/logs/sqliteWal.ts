import { open } from "node:fs/promises";

/** The pages that a write-ahead log has committed. */
export interface WalPages {
  /** The page as the last committed change left it, undefined when the log does not hold it. */
  page(number: number): Buffer | undefined;
}

const headerSize = 32;
const frameHeaderSize = 24;
/** The last bit tells the byte order of the checksums (sqlite.org/fileformat2.html, section 4.1). */
const magic = 0x377f0682;
/** SQLite folds its log back at 1,000 pages; a log of this size has a reader that never lets go, and is not read. */
const largestWal = 512 * 1024 * 1024;

/** Reads a write-ahead log, null when there is none or it has no committed frame. Frames count up to the first that is torn. */
export async function readWal(path: string, pageSize: number): Promise<WalPages | null> {
  const handle = await open(path, "r").catch(() => null);
  if (handle === null) {
    return null;
  }
  try {
    const { size } = await handle.stat();
    if (size < headerSize || size > largestWal) {
      return null;
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0);
    return framesOf(buffer.subarray(0, bytesRead), pageSize);
  } finally {
    await handle.close();
  }
}

function framesOf(bytes: Buffer, pageSize: number): WalPages | null {
  if ((bytes.readUInt32BE(0) & ~1) !== magic || bytes.readUInt32BE(8) !== pageSize) {
    return null;
  }
  const littleEndian = (bytes.readUInt32BE(0) & 1) === 0;
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sum = { a: 0, b: 0 };
  addChecksum(words, 0, 24, littleEndian, sum);
  if (sum.a !== bytes.readUInt32BE(24) || sum.b !== bytes.readUInt32BE(28)) {
    return null;
  }
  const committed = new Map<number, number>();
  let changed = new Map<number, number>();
  const frameSize = frameHeaderSize + pageSize;
  for (let at = headerSize; at + frameSize <= bytes.length; at += frameSize) {
    const sameSalt = bytes.compare(bytes, 16, 24, at + 8, at + 16) === 0;
    addChecksum(words, at, at + 8, littleEndian, sum);
    addChecksum(words, at + frameHeaderSize, at + frameSize, littleEndian, sum);
    if (!sameSalt || sum.a !== bytes.readUInt32BE(at + 16) || sum.b !== bytes.readUInt32BE(at + 20)) {
      break;
    }
    changed.set(bytes.readUInt32BE(at), at + frameHeaderSize);
    if (bytes.readUInt32BE(at + 4) !== 0) {
      for (const [number, from] of changed) {
        committed.set(number, from);
      }
      changed = new Map();
    }
  }
  if (committed.size === 0) {
    return null;
  }
  return {
    page(number) {
      const from = committed.get(number);
      return from === undefined ? undefined : bytes.subarray(from, from + pageSize);
    },
  };
}

/** The running checksum of section 4.2, over pairs of 32-bit words. */
function addChecksum(
  words: DataView,
  from: number,
  to: number,
  littleEndian: boolean,
  sum: { a: number; b: number },
): void {
  let { a, b } = sum;
  for (let at = from; at < to; at += 8) {
    a = (a + words.getUint32(at, littleEndian) + b) >>> 0;
    b = (b + words.getUint32(at + 4, littleEndian) + a) >>> 0;
  }
  sum.a = a;
  sum.b = b;
}
