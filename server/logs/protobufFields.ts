import type { BinaryReader } from "@bufbuild/protobuf/wire";

/**
 * Hands each field of the message that ends at `end` to `take`, with its number and wire type; the reader stands behind the
 * tag. `take` says whether it read the field: others are passed over without a copy. Throws on bytes that are no message.
 */
export function eachField(reader: BinaryReader, end: number, take: (field: number, wireType: number) => boolean): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!take(tag >>> 3, tag & 7)) {
      reader.skip(tag & 7, tag >>> 3);
    }
  }
}

/** Where the message that follows ends; the reader then stands at its first byte. */
export function endOfMessage(reader: BinaryReader): number {
  const length = reader.uint32();
  return reader.pos + length;
}

/** A 64-bit integer as a number. Most steps fit in four bytes: the reader's 64 bits are a bigint, which is slow. */
export function int64(reader: BinaryReader): number {
  const start = reader.pos;
  const low = reader.uint32();
  if (reader.pos - start < 5) {
    return low;
  }
  reader.pos = start;
  return Number(reader.int64());
}
