import { type FileHandle, open, stat } from "node:fs/promises";
import { watch } from "chokidar";

/** What happened to a followed file besides growing. */
export type FileChange =
  /** Its first bytes are here: the file exists. */
  | "appeared"
  /** Made anew, with other contents: what comes now continues what was read before, to the byte. */
  | "continued"
  /** Cut to nothing and written on: what stood unread at its end is lost, and so is the end of a line that was begun. */
  | "cut"
  /** Begun anew from its start (same first line as before). */
  | "restarted"
  /** The same contents written again in another form (a header with more columns): everything read so far comes again. */
  | "rewritten"
  /** Cut to a part of what was read; only what is behind `keptBytes` comes again. */
  | "rewound"
  /** It is not there any more. */
  | "gone";

export interface FileSink {
  onBytes(bytes: Uint8Array): void;
  /** `keptBytes` is how much of the file's start is still as it was read. */
  onChange(change: FileChange, keptBytes: number): void;
}

export interface FollowOptions {
  /** Milliseconds between looks when no event comes; 500 by default. */
  readonly pollInterval?: number;
  /** Milliseconds that a file that got shorter has to settle: writers that rewrite a log pass through that state; 150 by default. */
  readonly settleTime?: number;
}

export interface FileFollower {
  /** Looks now; resolves when everything written so far has been read. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes read at a time: measured fastest of 16 to 1,024 KiB, since the records of a piece die young. */
const pieceSize = 32 * 1024;
/** Milliseconds to the next look at a file that has just grown: it is likely to grow again, events or not. */
const activeInterval = 50;
/** How much of the file's start is remembered, to know it again. */
const headSize = 1024;
/** How much before the read position is remembered. */
const tailSize = 256;

interface Reading {
  handle: FileHandle;
  inode: bigint;
  offset: number;
  /** The first bytes of this file and those just before `offset`. */
  head: Buffer;
  tail: Buffer;
  modified: bigint;
}

/**
 * Follows a file by its real contents: events (chokidar) only say when to look, and a timer looks when none come. Each look
 * asks for size and inode and reads on from the last offset. A file that was renamed or removed is read to its end through
 * the open handle before its successor is begun. Symbolic links are followed; a file that is not there yet is waited for.
 */
export function followFile(path: string, sink: FileSink, options: FollowOptions = {}): FileFollower {
  const pollInterval = options.pollInterval ?? 500;
  const settleTime = options.settleTime ?? 150;
  let reading: Reading | null = null;
  let gone = false;
  let closed = false;
  let current: Promise<void> | null = null;
  let again = false;
  let soon: NodeJS.Timeout | null = null;
  /** The start of what was followed before, to know a run that was begun anew. */
  let formerHead: Buffer | null = null;

  function look(): Promise<void> {
    if (current !== null) {
      again = true;
      return current;
    }
    current = (async () => {
      do {
        again = false;
        await lookOnce();
      } while (again && !closed);
    })()
      .catch((error: unknown) => {
        // The file went away or was locked between two calls: the next look sees how it is then.
        if (!isSystemError(error)) {
          throw error;
        }
      })
      .finally(() => {
        current = null;
      });
    return current;
  }

  async function lookOnce(): Promise<void> {
    if (closed) {
      return;
    }
    const status = await statOrNull(path);
    if (reading === null) {
      if (status !== null) {
        await begin();
      }
      return;
    }
    if (status === null) {
      await readOn(reading);
      if (!gone && !closed) {
        gone = true;
        sink.onChange("gone", 0);
      }
      return;
    }
    if (status.ino !== reading.inode) {
      await succeed(reading);
      return;
    }
    gone = false;
    const size = Number(status.size);
    if (size < reading.offset) {
      await shrunk(reading);
    } else if (status.mtimeNs !== reading.modified || size > reading.offset) {
      if (!(await isSameFile(reading))) {
        await settle();
        await changedInPlace(reading);
        return;
      }
      reading.modified = status.mtimeNs;
      await readOn(reading);
    }
  }

  async function begin(): Promise<void> {
    const handle = await open(path, "r");
    const status = await handle.stat({ bigint: true });
    reading = {
      handle,
      inode: status.ino,
      offset: 0,
      head: Buffer.alloc(0),
      tail: Buffer.alloc(0),
      modified: status.mtimeNs,
    };
    gone = false;
    sink.onChange("appeared", 0);
    await readOn(reading);
  }

  async function readOn(from: Reading): Promise<void> {
    const buffer = Buffer.allocUnsafe(pieceSize);
    while (!closed) {
      const { bytesRead } = await from.handle.read(buffer, 0, pieceSize, from.offset);
      if (bytesRead === 0 || closed) {
        return;
      }
      const bytes = Buffer.from(buffer.subarray(0, bytesRead));
      if (from.head.length < headSize) {
        from.head = Buffer.concat([from.head, bytes.subarray(0, headSize - from.head.length)]);
      }
      from.tail = Buffer.concat([from.tail, bytes.subarray(-tailSize)]).subarray(-tailSize);
      from.offset += bytesRead;
      sink.onBytes(bytes);
      soon ??= setTimeout(() => {
        soon = null;
        void look();
      }, activeInterval);
    }
  }

  async function isSameFile(from: Reading): Promise<boolean> {
    return (
      (await holds(from.handle, from.head, 0)) && (await holds(from.handle, from.tail, from.offset - from.tail.length))
    );
  }

  /** Another inode stands under the name: the old file was rotated or removed, or a writer replaced it as a whole. */
  async function succeed(old: Reading): Promise<void> {
    await readOn(old);
    const handle = await open(path, "r");
    const status = await handle.stat({ bigint: true });
    const next: Reading = { ...old, handle, inode: status.ino, modified: status.mtimeNs };
    if (Number(status.size) >= old.offset && old.offset > 0 && (await isSameFile(next))) {
      await old.handle.close();
      reading = next;
      gone = false;
      await readOn(next);
      return;
    }
    if (Number(status.size) === 0) {
      // An empty successor says nothing about itself yet; the old handle is kept until it does.
      await handle.close();
      return;
    }
    await old.handle.close();
    gone = false;
    await startOver(old, handle, status.ino);
  }

  async function shrunk(from: Reading): Promise<void> {
    await settle();
    const size = (await from.handle.stat()).size;
    if (size >= from.offset) {
      await rewrittenOrSame(from);
      return;
    }
    if (size === 0) {
      return;
    }
    const start = from.head.subarray(0, size);
    const telling = start.length > firstLine(from.head).length + 32;
    if (telling && size < from.offset && (await holds(from.handle, start, 0))) {
      from.offset = 0;
      from.head = Buffer.alloc(0);
      from.tail = Buffer.alloc(0);
      sink.onChange("rewound", size);
      await readOn(from);
      return;
    }
    await startOver(from, from.handle, from.inode);
  }

  async function changedInPlace(from: Reading): Promise<void> {
    if ((await from.handle.stat()).size < from.offset) {
      await shrunk(from);
    } else {
      await rewrittenOrSame(from);
    }
  }

  /** A file that is as long as what was read holds the same bytes, or other ones from its start on. */
  async function rewrittenOrSame(from: Reading): Promise<void> {
    if (!(await isSameFile(from))) {
      from.offset = 0;
      from.head = Buffer.alloc(0);
      from.tail = Buffer.alloc(0);
      sink.onChange("rewritten", 0);
    }
    await readOn(from);
  }

  async function startOver(old: Reading, handle: FileHandle, inode: bigint): Promise<void> {
    formerHead ??= old.head;
    const start = Buffer.alloc(Math.min(headSize, formerHead.length));
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    const line = firstLine(formerHead);
    const anew = line.length > 0 && bytesRead >= line.length && start.subarray(0, line.length).equals(line);
    reading = {
      handle,
      inode,
      offset: 0,
      head: Buffer.alloc(0),
      tail: Buffer.alloc(0),
      modified: (await handle.stat({ bigint: true })).mtimeNs,
    };
    sink.onChange(anew ? "restarted" : handle === old.handle ? "cut" : "continued", 0);
    await readOn(reading);
  }

  function settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, settleTime));
  }

  const timer = setInterval(look, pollInterval);
  const watcher = watch(path, { ignoreInitial: true });
  // `all` leaves out changes within 50 ms of one another, `raw` does not.
  watcher.on("all", () => void look());
  watcher.on("raw", () => void look());
  watcher.on("error", () => {
    // Events are a help only: the timer goes on.
  });
  void look();

  return {
    look,
    async close() {
      closed = true;
      clearInterval(timer);
      clearTimeout(soon ?? undefined);
      await watcher.close();
      await current;
      await reading?.handle.close().catch(() => {});
      reading = null;
    },
  };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}

function firstLine(head: Buffer): Buffer {
  const end = head.indexOf(0x0a);
  return end < 0 ? head : head.subarray(0, end + 1);
}

async function holds(handle: FileHandle, expected: Buffer, position: number): Promise<boolean> {
  const found = Buffer.alloc(expected.length);
  const { bytesRead } = await handle.read(found, 0, expected.length, position);
  return bytesRead === expected.length && found.equals(expected);
}

async function statOrNull(path: string): Promise<{ ino: bigint; size: bigint; mtimeNs: bigint } | null> {
  try {
    return await stat(path, { bigint: true });
  } catch {
    return null;
  }
}
