import { open } from "node:fs/promises";

/** Bytes read at a time: measured fastest of 16 to 1,024 KiB, since the records of a piece die young. */
const pieceSize = 32 * 1024;

/** Hands a finished log to `onBytes` from its first byte to its last. Rejects when it cannot be read. */
export async function readLog(path: string, onBytes: (bytes: Uint8Array) => void): Promise<void> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(pieceSize);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, pieceSize, null);
      if (bytesRead === 0) {
        return;
      }
      onBytes(Uint8Array.prototype.slice.call(buffer, 0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
