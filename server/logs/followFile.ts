import fs from "node:fs";
import { promisify } from "node:util";
import { isOnLocalDisk } from "./localDisk.ts";
import { watchFile } from "./watchFile.ts";

/** The calls with callbacks cost a third of what those of `node:fs/promises` do, and looks are many. */
const open = promisify(fs.open);
const read = promisify(fs.read);
const fstat = promisify(fs.fstat);
const close = promisify(fs.close);

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
/** Read at first when an event tells of new bytes: some lines, of which there are seldom more. */
const sipSize = 2048;
/** Events tell of a rename or removal on a local disk; the name of a file that grows there is looked up only this often, in ms. */
const localCheckInterval = 2_000;
/** Milliseconds from an event to the look: what a writer writes in several calls is read at once. */
const eventDelay = 5;
/** Where an event came within this many ms, further ones will. */
const eventMemory = 600_000;
/** A file that has not been written for this long, in ms, is asked about once in `restInterval` ms beside its events. */
const restAfter = 3_600_000;
const restInterval = 5_000;
/** How much of the file's start is remembered, to know it again. */
const headSize = 1024;
/** How much before the read position is remembered. */
const tailSize = 256;

interface Reading {
  /** File descriptor. */
  handle: number;
  inode: bigint;
  offset: number;
  /** The first bytes of this file and those just before `offset`. */
  head: Buffer;
  tail: Buffer;
  modified: bigint;
  /** A read waits for no network: some lines are then read at once, which costs a tenth of a read by a thread. */
  readonly isLocal: boolean;
  /** When the file was last known to be this one by its name and head, in ms of `performance.now()`. */
  checkedAt: number;
}

/**
 * Follows a file by its real contents: events only say when to look, and a timer looks when none come. Each look
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
  /** When it was last asked about without an event, in ms of `performance.now()`. */
  let polledAt = 0;
  let lastEvent = Number.NEGATIVE_INFINITY;
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
    if (reading !== null && !gone && performance.now() - reading.checkedAt < checkInterval(reading)) {
      if (await sip(reading)) {
        return;
      }
    }
    const status = reading?.isLocal === true ? statAtOnce(path) : await statOrNull(path);
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
    reading.checkedAt = performance.now();
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

  function checkInterval({ isLocal }: Reading): number {
    return isLocal ? Math.max(localCheckInterval, pollInterval) : pollInterval;
  }

  async function begin(): Promise<void> {
    const handle = await open(path, "r");
    const status = await fstat(handle, { bigint: true });
    reading = begun(handle, status.ino, status.mtimeNs, await isOnLocalDisk(path));
    gone = false;
    sink.onChange("appeared", 0);
    await readOn(reading);
  }

  async function readOn(from: Reading): Promise<void> {
    const buffer = Buffer.allocUnsafe(pieceSize);
    while (!closed) {
      const { bytesRead } = await read(from.handle, buffer, 0, pieceSize, from.offset);
      if (bytesRead === 0 || closed) {
        return;
      }
      take(from, Buffer.from(buffer.subarray(0, bytesRead)));
    }
  }

  /** Reads the remembered tail again with what is behind it, in one call; false when more than growth has happened. */
  async function sip(from: Reading): Promise<boolean> {
    const { length } = from.tail;
    const buffer = Buffer.allocUnsafe(length + sipSize);
    const position = from.offset - length;
    const bytesRead = from.isLocal
      ? fs.readSync(from.handle, buffer, 0, buffer.length, position)
      : (await read(from.handle, buffer, 0, buffer.length, position)).bytesRead;
    if (bytesRead < length || !buffer.subarray(0, length).equals(from.tail)) {
      return false;
    }
    if (bytesRead > length && !closed) {
      take(from, buffer.subarray(length, bytesRead));
    }
    if (bytesRead === buffer.length) {
      await readOn(from);
    }
    return true;
  }

  function take(from: Reading, bytes: Buffer): void {
    if (from.head.length < headSize) {
      from.head = Buffer.concat([from.head, bytes.subarray(0, headSize - from.head.length)]);
    }
    const whole = bytes.length >= tailSize ? bytes : Buffer.concat([from.tail, bytes]);
    from.tail = Buffer.from(whole.subarray(-tailSize));
    from.offset += bytes.length;
    sink.onBytes(bytes);
  }

  async function isSameFile(from: Reading): Promise<boolean> {
    return (await holds(from, from.head, 0)) && (await holds(from, from.tail, from.offset - from.tail.length));
  }

  /** Another inode stands under the name: the old file was rotated or removed, or a writer replaced it as a whole. */
  async function succeed(old: Reading): Promise<void> {
    await readOn(old);
    const handle = await open(path, "r");
    const status = await fstat(handle, { bigint: true });
    const next: Reading = { ...old, handle, inode: status.ino, modified: status.mtimeNs };
    if (Number(status.size) >= old.offset && old.offset > 0 && (await isSameFile(next))) {
      await close(old.handle);
      reading = next;
      gone = false;
      await readOn(next);
      return;
    }
    if (Number(status.size) === 0) {
      // An empty successor says nothing about itself yet; the old handle is kept until it does.
      await close(handle);
      return;
    }
    await close(old.handle);
    gone = false;
    await startOver(old, handle, status.ino);
  }

  async function shrunk(from: Reading): Promise<void> {
    await settle();
    const size = (await fstat(from.handle)).size;
    if (size >= from.offset) {
      await rewrittenOrSame(from);
      return;
    }
    if (size === 0) {
      return;
    }
    const start = from.head.subarray(0, size);
    const telling = start.length > firstLine(from.head).length + 32;
    if (telling && size < from.offset && (await holds(from, start, 0))) {
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
    if ((await fstat(from.handle)).size < from.offset) {
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

  async function startOver(old: Reading, handle: number, inode: bigint): Promise<void> {
    formerHead ??= old.head;
    const start = Buffer.alloc(Math.min(headSize, formerHead.length));
    const { bytesRead } = await read(handle, start, 0, start.length, 0);
    const line = firstLine(formerHead);
    const anew = line.length > 0 && bytesRead >= line.length && start.subarray(0, line.length).equals(line);
    reading = begun(handle, inode, (await fstat(handle, { bigint: true })).mtimeNs, await isOnLocalDisk(path));
    sink.onChange(anew ? "restarted" : handle === old.handle ? "cut" : "continued", 0);
    await readOn(reading);
  }

  function settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, settleTime));
  }

  /** Milliseconds between two looks without an event. Events of a local disk are relied on, for a while. */
  function restOf(now: number): number {
    if (reading === null || gone) {
      return pollInterval;
    }
    if (Date.now() - Number(reading.modified / 1_000_000n) > restAfter) {
      return Math.max(restInterval, pollInterval);
    }
    return reading.isLocal && now - lastEvent < eventMemory ? checkInterval(reading) : pollInterval;
  }

  /** Beside events, of which a file system may have none, or not all. */
  function poll(): void {
    const now = performance.now();
    if (now - polledAt < restOf(now) - 1) {
      return;
    }
    polledAt = now;
    watcher.renew();
    void look();
  }

  const timer = setInterval(poll, pollInterval);
  const watcher = watchFile(path, (renamed) => {
    lastEvent = performance.now();
    if (renamed && reading !== null) {
      reading.checkedAt = Number.NEGATIVE_INFINITY;
    }
    soon ??= setTimeout(() => {
      soon = null;
      void look();
    }, eventDelay);
  });
  void look();

  return {
    look,
    async close() {
      closed = true;
      clearInterval(timer);
      clearTimeout(soon ?? undefined);
      watcher.close();
      await current;
      if (reading !== null) {
        await close(reading.handle).catch(() => {});
      }
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

function begun(handle: number, inode: bigint, modified: bigint, isLocal: boolean): Reading {
  const [head, tail] = [Buffer.alloc(0), Buffer.alloc(0)];
  return { handle, inode, offset: 0, head, tail, modified, isLocal, checkedAt: performance.now() };
}

async function holds(from: Reading, expected: Buffer, position: number): Promise<boolean> {
  const found = Buffer.allocUnsafe(expected.length);
  const bytesRead = from.isLocal
    ? fs.readSync(from.handle, found, 0, expected.length, position)
    : (await read(from.handle, found, 0, expected.length, position)).bytesRead;
  return bytesRead === expected.length && found.equals(expected);
}

interface FileStatus {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

function statAtOnce(path: string): FileStatus | null {
  try {
    return fs.statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

function statOrNull(path: string): Promise<FileStatus | null> {
  return new Promise((resolve) => {
    fs.stat(path, { bigint: true }, (error, status) => resolve(error === null ? status : null));
  });
}
