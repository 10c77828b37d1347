import { type FileHandle, open, stat } from "node:fs/promises";
import { readWal, type WalPages } from "./sqliteWal.ts";

/** A column's value: text and blobs as UTF-8, integers as numbers; null for NULL (an INTEGER PRIMARY KEY too: it is the rowid) and columns that a row lacks. */
export type SqliteValue = number | string | null;

/** A table of a database. */
export interface SqliteTable {
  readonly rootPage: number;
  /** Names of its columns in lower case, in the order in which rows hold them. */
  readonly columns: readonly string[];
}

/** A database at one moment, open for reading. No lock is taken and nothing is written beside it. */
export interface SqliteFile {
  /** Tables by name in lower case. */
  readonly tables: ReadonlyMap<string, SqliteTable>;
  /**
   * Hands over the rows with a rowid above `after` in ascending order, with the values of the columns that are asked for.
   * Costs the pages that hold them. Rejects when the file is no sound database or changes under the reader.
   */
  rows(
    table: SqliteTable,
    columns: readonly string[],
    after: number,
    onRow: (rowid: number, values: readonly SqliteValue[]) => void,
  ): Promise<void>;
  close(): Promise<void>;
}

const magic = "SQLite format 3\0";
const headerSize = 100;
/** Pages read at a time: neighbours in the file are neighbours in a table that only grows. */
const blockPages = 64;
const mostBlocks = 64;
/** Kinds of b-tree pages of tables (sqlite.org/fileformat2.html, section 1.6). */
const interiorPage = 5;
const leafPage = 13;
/** A b-tree of 2^31 pages is far from being this deep. */
const deepest = 40;

/** True for the first bytes of a database. */
export function isSqlite(head: Uint8Array): boolean {
  return Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 16)).toString("latin1") === magic;
}

/** What changes whenever the database does: sizes and times of the file and of its write-ahead log. */
export async function sqliteState(path: string): Promise<string> {
  const parts = await Promise.all(
    [path, `${path}-wal`].map(async (file) => {
      const status = await stat(file, { bigint: true }).catch(() => null);
      return status === null ? "-" : `${status.ino}:${status.size}:${status.mtimeNs}`;
    }),
  );
  return parts.join(" ");
}

/**
 * Opens a database read-only, with what its write-ahead log has committed. Rejects for other files, for a database that
 * is encrypted, and while a rollback journal shows that a writer is in the middle of a change.
 */
export async function openSqlite(path: string): Promise<SqliteFile> {
  const handle = await open(path, "r");
  try {
    const header = Buffer.alloc(headerSize);
    await handle.read(header, 0, headerSize, 0);
    if (!isSqlite(header)) {
      throw new Error("not an SQLite database");
    }
    const journal = await stat(`${path}-journal`).catch(() => null);
    if (journal !== null && journal.size > 0) {
      throw new Error("a writer is in the middle of a change");
    }
    const size = header.readUInt16BE(16);
    const pageSize = size === 1 ? 65_536 : size;
    if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) {
      throw new Error("its page size is wrong");
    }
    if (header.readUInt32BE(56) > 1) {
      throw new Error("its text is UTF-16");
    }
    const wal = await readWal(`${path}-wal`, pageSize);
    const pages = createPages(handle, pageSize, wal);
    const usable = pageSize - (header[20] ?? 0);
    const tables = await tablesOf(pages, usable);
    return {
      tables,
      rows: (table, columns, after, onRow) =>
        eachRow(
          pages,
          usable,
          table.rootPage,
          after,
          columns.map((name) => table.columns.indexOf(name)),
          onRow,
          0,
        ),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Pages {
  page(number: number): Promise<Buffer>;
}

function createPages(handle: FileHandle, pageSize: number, wal: WalPages | null): Pages {
  const blocks = new Map<number, Buffer>();
  async function block(index: number): Promise<Buffer> {
    const known = blocks.get(index);
    if (known !== undefined) {
      return known;
    }
    const buffer = Buffer.alloc(pageSize * blockPages);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, index * buffer.length);
    const read = buffer.subarray(0, bytesRead);
    const oldest = blocks.keys().next().value;
    if (blocks.size >= mostBlocks && oldest !== undefined) {
      blocks.delete(oldest);
    }
    blocks.set(index, read);
    return read;
  }
  return {
    async page(number) {
      const written = wal?.page(number);
      if (written !== undefined) {
        return written;
      }
      const at = number - 1;
      const from = (at % blockPages) * pageSize;
      const page = (await block(Math.floor(at / blockPages))).subarray(from, from + pageSize);
      if (page.length < pageSize) {
        throw new Error(`page ${number} is not there`);
      }
      return page;
    },
  };
}

/** The schema is a table of its own, with its root at page 1: type, name, tbl_name, rootpage, sql. */
async function tablesOf(pages: Pages, usable: number): Promise<Map<string, SqliteTable>> {
  const tables = new Map<string, SqliteTable>();
  await eachRow(
    pages,
    usable,
    1,
    0,
    [0, 1, 3, 4],
    (_, [type, name, rootPage, sql]) => {
      if (type === "table" && typeof name === "string" && typeof rootPage === "number" && typeof sql === "string") {
        tables.set(name.toLowerCase(), { rootPage, columns: columnsOf(sql) });
      }
    },
    0,
  );
  return tables;
}

/** Column names of a `CREATE TABLE` statement. */
function columnsOf(sql: string): string[] {
  const body = sql.slice(sql.indexOf("(") + 1, sql.lastIndexOf(")")).replace(/--.*$/gm, "");
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= body.length; i++) {
    const character = body[i];
    if (character === "(") {
      depth++;
    } else if (character === ")") {
      depth--;
    } else if (character === undefined || (character === "," && depth === 0)) {
      parts.push(body.slice(from, i).trim());
      from = i + 1;
    }
  }
  return parts
    .filter((part) => !/^(?:constraint|primary|unique|check|foreign)\b/i.test(part))
    .map((part) => (/^["`[]?([^"`\]\s]+)/.exec(part)?.[1] ?? "").toLowerCase());
}

async function eachRow(
  pages: Pages,
  usable: number,
  number: number,
  after: number,
  wanted: readonly number[],
  onRow: (rowid: number, values: readonly SqliteValue[]) => void,
  depth: number,
): Promise<void> {
  const page = await pages.page(number);
  const start = number === 1 ? headerSize : 0;
  const kind = page[start];
  const cells = page.readUInt16BE(start + 3);
  if (kind === interiorPage && depth < deepest) {
    for (let i = 0; i < cells; i++) {
      const at = page.readUInt16BE(start + 12 + i * 2);
      // All rows below this cell have rowids up to its key.
      if (varintAt(page, at + 4).value > after) {
        await eachRow(pages, usable, page.readUInt32BE(at), after, wanted, onRow, depth + 1);
      }
    }
    await eachRow(pages, usable, page.readUInt32BE(start + 8), after, wanted, onRow, depth + 1);
    return;
  }
  if (kind !== leafPage) {
    throw new Error(`page ${number} is no page of a table`);
  }
  for (let i = 0; i < cells; i++) {
    const at = page.readUInt16BE(start + 8 + i * 2);
    const size = varintAt(page, at);
    const rowid = varintAt(page, size.end);
    if (rowid.value > after) {
      const local = localSize(size.value, usable);
      const payload =
        local === size.value
          ? page.subarray(rowid.end, rowid.end + local)
          : await withOverflow(pages, usable, page, rowid.end, local, size.value);
      onRow(rowid.value, valuesOf(payload, wanted));
    }
  }
}

/** How much of a row of this many bytes is on its leaf; the rest is on overflow pages (section 1.6). */
function localSize(size: number, usable: number): number {
  const most = usable - 35;
  if (size <= most) {
    return size;
  }
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const some = least + ((size - least) % (usable - 4));
  return some <= most ? some : least;
}

async function withOverflow(
  pages: Pages,
  usable: number,
  page: Buffer,
  from: number,
  local: number,
  size: number,
): Promise<Buffer> {
  const parts = [page.subarray(from, from + local)];
  let next = page.readUInt32BE(from + local);
  for (let left = size - local; left > 0 && next !== 0; ) {
    const more = await pages.page(next);
    parts.push(more.subarray(4, 4 + Math.min(left, usable - 4)));
    left -= usable - 4;
    next = more.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

function valuesOf(payload: Buffer, wanted: readonly number[]): SqliteValue[] {
  const header = varintAt(payload, 0);
  const types: number[] = [];
  for (let at = header.end; at < header.value; ) {
    const type = varintAt(payload, at);
    types.push(type.value);
    at = type.end;
  }
  const starts: number[] = [];
  let at = header.value;
  for (const type of types) {
    starts.push(at);
    at += sizeOf(type);
  }
  return wanted.map((column) => {
    const type = types[column];
    const start = starts[column];
    return type === undefined || start === undefined ? null : valueAt(payload, start, type);
  });
}

function sizeOf(type: number): number {
  return type >= 12 ? (type - 12) >> 1 : type === 5 ? 6 : type === 6 || type === 7 ? 8 : type <= 4 ? type : 0;
}

function valueAt(payload: Buffer, at: number, type: number): SqliteValue {
  switch (type) {
    case 1:
    case 2:
    case 3:
    case 4:
      return payload.readIntBE(at, type);
    case 5:
      return payload.readIntBE(at, 6);
    case 6:
      return Number(payload.readBigInt64BE(at));
    case 7:
      return payload.readDoubleBE(at);
    case 8:
      return 0;
    case 9:
      return 1;
    case 0:
      return null;
    default:
      return payload.toString("utf8", at, at + sizeOf(type));
  }
}

/** A number of up to 64 bits, big-endian, seven bits a byte, the ninth byte whole (section 1.6). */
function varintAt(bytes: Buffer, at: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      return { value, end: at + i + 1 };
    }
  }
  return { value: value * 256 + (bytes[at + 8] ?? 0), end: at + 9 };
}
