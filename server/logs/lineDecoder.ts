/**
 * Longest line kept, in bytes. A row of 10,000 columns as JSON with names of 100 bytes and 20-digit values takes 1.3 MB;
 * three times that is no log line, and a torn tail of this size is held in memory for each run.
 */
export const longestLine = 4 * 1024 * 1024;

/** Called with each line without its line end, and the byte offset just behind that line end; an overlong line is empty. */
export type LineSink = (text: string, endOffset: number, endedBy: "newline" | "return" | "end") => void;

export interface LineDecoder {
  push(chunk: Uint8Array, sink: LineSink): void;
  /** Gives an unterminated last line. */
  finish(sink: LineSink): void;
  /** Lines that were dropped because they are longer than `longestLine`. */
  readonly overlong: number;
}

type Encoding = "utf8" | "utf16le";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts bytes into lines: UTF-8 (faulty bytes become U+FFFD) or UTF-16 LE, told by a byte order mark or by zeros in the
 * second and fourth byte; marks are dropped. The lines are the same for any split of the bytes.
 *
 * With `atReturns` a carriage return ends a line too (progress bars); then CR LF gives a line and an empty one.
 */
export function createLineDecoder(options: { readonly atReturns: boolean }): LineDecoder {
  const { atReturns } = options;
  let encoding: Encoding | null = null;
  let held: Uint8Array = new Uint8Array(0);
  /** Byte offset of the first held byte. */
  let offset = 0;
  let dropping = false;
  let overlong = 0;

  function give(text: string, size: number, endedBy: "newline" | "return" | "end", sink: LineSink): void {
    if (dropping || size > longestLine) {
      overlong++;
      dropping = false;
      sink("", offset, endedBy);
      return;
    }
    sink(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, offset, endedBy);
  }

  /** Bytes are characters here, so that one split is enough. */
  function givePlain(text: string, sink: LineSink): void {
    const pieces = text.split("\n");
    for (let i = 0; i < pieces.length; i++) {
      let piece = pieces[i] ?? "";
      if (atReturns && piece.includes("\r")) {
        const states = piece.split("\r");
        piece = states.pop() ?? "";
        for (const state of states) {
          offset += state.length + 1;
          give(state, state.length, "return", sink);
        }
      }
      if (i < pieces.length - 1) {
        offset += piece.length + 1;
        give(!atReturns && piece.endsWith("\r") ? piece.slice(0, -1) : piece, piece.length, "newline", sink);
      }
    }
  }

  function giveWide(bytes: Buffer, sink: LineSink): void {
    const width = encoding === "utf16le" ? 2 : 1;
    let from = 0;
    for (let end = nextEnd(bytes, from); end >= 0; end = nextEnd(bytes, from)) {
      const text = bytes.toString(encoding ?? "utf8", from, end);
      const size = end - from;
      const endedBy = bytes[end] === lineFeed ? "newline" : "return";
      offset += size + width;
      from = end + width;
      give(!atReturns && text.endsWith("\r") ? text.slice(0, -1) : text, size, endedBy, sink);
    }
  }

  function isEnd(bytes: Uint8Array, i: number): boolean {
    const byte = bytes[i];
    return (
      (byte === lineFeed || (atReturns && byte === carriageReturn)) && (encoding !== "utf16le" || bytes[i + 1] === 0)
    );
  }

  function nextEnd(bytes: Uint8Array, from: number): number {
    const width = encoding === "utf16le" ? 2 : 1;
    for (let i = from; i + width <= bytes.length; i += width) {
      if (isEnd(bytes, i)) {
        return i;
      }
    }
    return -1;
  }

  /** Where the last complete line of these bytes ends, 0 when there is none; `known` first bytes hold no line end. */
  function cutBehind(bytes: Uint8Array, known: number): number {
    const width = encoding === "utf16le" ? 2 : 1;
    const first = known - (known % width);
    for (let i = bytes.length - (bytes.length % width) - width; i >= first; i -= width) {
      if (isEnd(bytes, i)) {
        return i + width;
      }
    }
    return 0;
  }

  return {
    push(chunk, sink) {
      const known = encoding === null ? 0 : held.length;
      let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      if (encoding === null) {
        if (bytes.length < 4) {
          held = bytes.slice();
          return;
        }
        encoding = encodingOf(bytes);
      }
      const cut = cutBehind(bytes, known);
      if (cut > 0) {
        const lines = Buffer.from(bytes.buffer, bytes.byteOffset, cut);
        const text = lines.toString(encoding);
        if (text.length === cut) {
          givePlain(text, sink);
        } else {
          giveWide(lines, sink);
        }
        bytes = bytes.subarray(cut);
      }
      if (dropping || bytes.length > longestLine) {
        dropping = true;
        const rest = encoding === "utf16le" ? bytes.length % 2 : 0;
        offset += bytes.length - rest;
        bytes = bytes.subarray(bytes.length - rest);
      }
      held = bytes.slice();
    },
    finish(sink) {
      if (held.length > 0 || dropping) {
        encoding ??= encodingOf(held);
        const text = Buffer.from(held).toString(encoding);
        offset += held.length;
        give(text.endsWith("\r") ? text.slice(0, -1) : text, held.length, "end", sink);
      }
      held = new Uint8Array(0);
    },
    get overlong() {
      return overlong;
    },
  };
}

function encodingOf(bytes: Uint8Array): Encoding {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe;
  const bare = bytes.length >= 4 && bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0;
  return marked || bare ? "utf16le" : "utf8";
}

/** Decodes the head of a file for recognizing its format; whole lines only, where there is at least one line end. */
export function headLines(head: Uint8Array): string[] {
  const lines: string[] = [];
  const decoder = createLineDecoder({ atReturns: true });
  decoder.push(head, (text) => lines.push(text));
  if (lines.length === 0) {
    decoder.finish((text) => lines.push(text));
  }
  return lines;
}
