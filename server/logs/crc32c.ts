/** CRC-32C (Castagnoli), reflected polynomial of RFC 3720, appendix B.4; four tables for four bytes at a time. */
const tables = makeTables();

function makeTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    }
    first[byte] = crc;
  }
  const next = (before: Uint32Array): Uint32Array => before.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] ?? 0));
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}

/** The CRC-32C of `bytes[from…to)`, unsigned. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const [one, two, three, four] = tables;
  let crc = -1;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    crc ^= (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    crc =
      (four[crc & 0xff] ?? 0) ^
      (three[(crc >>> 8) & 0xff] ?? 0) ^
      (two[(crc >>> 16) & 0xff] ?? 0) ^
      (one[crc >>> 24] ?? 0);
  }
  for (; at < to; at++) {
    crc = (crc >>> 8) ^ (one[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

/** As TFRecord files store it: rotated and shifted, so that a CRC over data that holds CRCs stays sound (lib/hash/crc32c.h of TensorFlow). */
export function maskedCrc32c(bytes: Uint8Array, from: number, to: number): number {
  const crc = crc32c(bytes, from, to);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
