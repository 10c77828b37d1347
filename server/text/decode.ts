import type { Outcome, Problem } from "./problem.ts";

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "latin1";

/** A text with what it takes to write it back as it was. */
export interface DecodedText {
  /** Without the byte order mark; line ends as in the file. */
  readonly text: string;
  readonly encoding: Encoding;
  readonly bom: boolean;
  /** Set for files that are not text: `text` is empty then, and the file must not be written back. */
  readonly binary: boolean;
}

/**
 * The most bytes that are read as source: 5 MiB. Python's tree takes about 60 bytes of memory a byte of text and half a
 * second a megabyte (measured on 20 MB: 1.2 GB), which an editor must not wait for; the largest module of Python 3.11's
 * standard library has 0.7 MB, so a larger one is data.
 */
export const largestSource = 5 * 1024 * 1024;

/** Notebooks hold pictures beside their code: 50 MiB, from where on GitHub warns of a file's size. */
export const largestNotebook = 50 * 1024 * 1024;

/**
 * Reads the bytes of a file as text. UTF-8 unless a byte order mark or the pattern of zero bytes says UTF-16; bytes that are
 * not UTF-8 are read as Latin-1, one character a byte, so that offsets and a later write hold. Whatever is unusual is said
 * once, with the byte offset where it begins.
 */
export function decodeText(path: string, bytes: Uint8Array): Outcome<DecodedText> {
  const most = path.toLowerCase().endsWith(".ipynb") ? largestNotebook : largestSource;
  if (bytes.length > most) {
    const [size, limit] = [bytes.length, most].map((count) => `${(count / 1024 / 1024).toFixed(1)} MiB`);
    return unreadable({ path, message: `The file has ${size}, more than the ${limit} that are read; it is left out` });
  }
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) return decodeUtf8(path, bytes, true);
  if (startsWith(bytes, [0xff, 0xfe])) return decodeUtf16(path, bytes, "utf-16le", true);
  if (startsWith(bytes, [0xfe, 0xff])) return decodeUtf16(path, bytes, "utf-16be", true);
  const zero = bytes.indexOf(0);
  if (zero < 0) return decodeUtf8(path, bytes, false);
  const guessed = guessUtf16(bytes);
  if (guessed) return decodeUtf16(path, bytes, guessed, false);
  return unreadable({ path, message: "The file is binary, not text; it is left out", offset: zero });
}

/** The bytes of a text in the encoding that it came in. Characters that Latin-1 lacks become `?`. */
export function encodeText({ text, encoding, bom }: Omit<DecodedText, "binary">): Uint8Array {
  const marked = bom ? `\uFEFF${text}` : text;
  if (encoding === "utf-8") return new TextEncoder().encode(marked);
  if (encoding === "latin1") return Uint8Array.from(text, (character) => latin1Code(character));
  const bytes = new Uint8Array(marked.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < marked.length; at += 1) view.setUint16(at * 2, marked.charCodeAt(at), encoding === "utf-16le");
  return bytes;
}

function latin1Code(character: string): number {
  const code = character.charCodeAt(0);
  return code <= 0xff ? code : 0x3f;
}

function unreadable(problem: Problem): Outcome<DecodedText> {
  return { value: { text: "", encoding: "utf-8", bom: false, binary: true }, problems: [problem] };
}

function decodeUtf8(path: string, bytes: Uint8Array, bom: boolean): Outcome<DecodedText> {
  const content = bom ? bytes.subarray(3) : bytes;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    return { value: { text, encoding: "utf-8", bom, binary: false }, problems: [] };
  } catch {
    const offset = firstInvalidUtf8(bytes);
    const message = `The file is not valid UTF-8 from byte ${offset}; it is read as Latin-1`;
    const value: DecodedText = { text: latin1Text(bytes), encoding: "latin1", bom: false, binary: false };
    return { value, problems: [{ path, message, offset }] };
  }
}

/** One character a byte: what `TextDecoder("latin1")` is not, since it means Windows-1252 by that name. */
function latin1Text(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}

/** The offset of the first byte that cannot be UTF-8 (RFC 3629, section 4: the table of well-formed sequences). */
function firstInvalidUtf8(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  const second = bytes[at + 1] ?? 0;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (length > 1 && (second < lowest || second > highest)) return 0;
  for (let next = 2; next < length; next += 1) if (((bytes[at + next] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

function decodeUtf16(
  path: string,
  bytes: Uint8Array,
  encoding: "utf-16le" | "utf-16be",
  bom: boolean,
): Outcome<DecodedText> {
  const content = bom ? bytes.subarray(2) : bytes;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const parts: string[] = [];
  const pairs = content.length >> 1;
  for (let at = 0; at < pairs; at += 8192) {
    const codes: number[] = [];
    for (let next = at; next < Math.min(pairs, at + 8192); next += 1)
      codes.push(view.getUint16(next * 2, encoding === "utf-16le"));
    parts.push(String.fromCharCode(...codes));
  }
  const value: DecodedText = { text: parts.join(""), encoding, bom, binary: false };
  if (content.length % 2 === 0) return { value, problems: [] };
  const offset = bytes.length - 1;
  return {
    value,
    problems: [{ path, message: "The file is UTF-16 and ends in half a character, which is left out", offset }],
  };
}

/**
 * UTF-16 without a mark is told by its zero bytes: source is mostly ASCII, so nearly every second byte is zero and none of the
 * others. Anything else with a zero byte in it is binary, as Git has it.
 */
function guessUtf16(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const sample = bytes.subarray(0, 4096);
  const zeros = [0, 0];
  for (let at = 0; at < sample.length; at += 1) if (sample[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = sample.length / 2;
  if (bytes.length % 2 === 1) return null;
  if (odd > most * 0.7 && even === 0) return "utf-16le";
  if (even > most * 0.7 && odd === 0) return "utf-16be";
  return null;
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}
