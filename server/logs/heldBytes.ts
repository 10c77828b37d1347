/** Bytes that wait for the rest of their record: joined once, when there are enough of them. */
export interface HeldBytes {
  /** Adds a chunk; gives all bytes held as one array, or null while there are fewer than are needed. */
  add(chunk: Uint8Array): Uint8Array | null;
  /** Keeps `rest` until there are `needed` bytes in all. */
  keep(rest: Uint8Array, needed: number): void;
  readonly length: number;
}

export function createHeldBytes(): HeldBytes {
  let parts: Uint8Array[] = [];
  let total = 0;
  let least = 0;
  return {
    add(chunk) {
      if (chunk.length > 0) {
        parts.push(chunk);
        total += chunk.length;
      }
      if (total < least || total === 0) {
        return null;
      }
      const [only] = parts;
      return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, total);
    },
    keep(rest, needed) {
      parts = rest.length === 0 ? [] : [rest];
      total = rest.length;
      least = needed;
    },
    get length() {
      return total;
    },
  };
}
