import { chmod, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";

/** Source text above this is generated, and would take the parser tens of seconds: 10 MiB of bytes. */
const maximumBytes = 10 * 1024 * 1024;

export type SourceEncoding = "utf-8" | "utf-16le" | "latin1";

/** A file as text, with what is needed to write it back as it was. */
export interface SourceText {
  /** Without byte order mark; line ends as they are. */
  readonly text: string;
  readonly encoding: SourceEncoding;
  readonly hasByteOrderMark: boolean;
}

/** Bytes to text; a sentence about the file when they are none. Notebooks may be larger, since they carry their outputs. */
export function decodeSource(bytes: Uint8Array, fileName: string): SourceText | { readonly problem: string } {
  if (bytes.length > maximumBytes && path.extname(fileName) !== ".ipynb") {
    const megabytes = Math.round(bytes.length / 1e6);
    return { problem: `This is ${megabytes} MB of text; files above ${maximumBytes / 2 ** 20} MiB are not linted` };
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === 0xff && buffer[1] === 0xfe) {
    return { text: buffer.subarray(2).toString("utf16le"), encoding: "utf-16le", hasByteOrderMark: true };
  }
  const hasByteOrderMark = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
  const body = hasByteOrderMark ? buffer.subarray(3) : buffer;
  if (body.subarray(0, 8192).includes(0)) return { problem: "This is a binary file, not source text" };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return { text, encoding: "utf-8", hasByteOrderMark };
  } catch {
    if (!declaresLatin1(body)) return { problem: "This is not UTF-8; save it as UTF-8 or declare its encoding" };
    return { text: body.toString("latin1"), encoding: "latin1", hasByteOrderMark };
  }
}

/** Text to the bytes of the encoding that it was read in. */
export function encodeSource(text: string, { encoding, hasByteOrderMark }: SourceText): Buffer {
  return Buffer.from(hasByteOrderMark ? `\ufeff${text}` : text, encoding);
}

export async function readSource(file: string): Promise<SourceText | { readonly problem: string }> {
  try {
    return decodeSource(await readFile(file), file);
  } catch (error) {
    return { problem: `Cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Replaces a file whole or not at all, through a new one beside it; its mode is kept, a link stays a link. */
export async function writeSource(file: string, text: string, as: SourceText): Promise<void> {
  const target = await realpath(file);
  const { mode } = await stat(target);
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.haywire-${process.pid}`);
  try {
    await writeFile(temporary, encodeSource(text, as), { flag: "wx" });
    await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A coding comment in the first two lines (PEP 263), which names ISO 8859-1. */
function declaresLatin1(body: Buffer): boolean {
  const head = body.subarray(0, 200).toString("latin1").split(/\r?\n/, 2);
  return head.some((line) => /^[ \t\f]*#.*?coding[:=][ \t]*(latin-?1|iso-?8859-1|l1)\b/i.test(line));
}
