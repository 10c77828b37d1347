import { open } from "node:fs/promises";

/** Bytes read at a time, as in `readLog`. */
const pieceSize = 32 * 1024;

/** One of several files of a store, read on from where the last look ended. */
export interface FileTail {
  /** Hands over what is new. A file that is shorter than what was read comes again from its start, after `onBegunAnew`. */
  read(onBytes: (bytes: Uint8Array) => void, onBegunAnew?: () => void): Promise<void>;
}

/** Begins at the file's start. A file that is not there (any more) has nothing new. */
export function openFileTail(path: string): FileTail {
  let offset = 0;
  return {
    async read(onBytes, onBegunAnew) {
      const handle = await open(path, "r").catch(() => null);
      if (handle === null) {
        return;
      }
      try {
        if ((await handle.stat()).size < offset) {
          offset = 0;
          onBegunAnew?.();
        }
        const buffer = Buffer.allocUnsafe(pieceSize);
        for (;;) {
          const { bytesRead } = await handle.read(buffer, 0, pieceSize, offset);
          if (bytesRead === 0) {
            return;
          }
          offset += bytesRead;
          onBytes(Uint8Array.prototype.slice.call(buffer, 0, bytesRead));
        }
      } finally {
        await handle.close();
      }
    },
  };
}
