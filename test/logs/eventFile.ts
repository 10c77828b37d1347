import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { maskedCrc32c } from "../../server/logs/crc32c.ts";

/** One record of an event file, with its checksums. */
export function framed(data: Uint8Array): Buffer {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record, 0, 8), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data, 0, data.length), data.length + 12);
  return record;
}

/** An event that `write` adds its fields to. */
export function event(step: number, write: (event: BinaryWriter) => BinaryWriter): Buffer {
  return framed(write(new BinaryWriter().tag(1, 1).double(1e9).tag(2, 0).int64(step)).finish());
}

/** An event with one summary value, `write` adds to the value behind its tag. */
export function summary(step: number, tag: string, write: (value: BinaryWriter) => BinaryWriter): Buffer {
  const value = write(new BinaryWriter().tag(1, 2).string(tag)).finish();
  const values = new BinaryWriter().tag(1, 2).bytes(value).finish();
  return event(step, (writer) => writer.tag(5, 2).bytes(values));
}

/** An event with one `simple_value`, as torch writes it. */
export const scalar = (step: number, tag: string, number: number): Buffer =>
  summary(step, tag, (value) => value.tag(2, 5).float(number));

/** The first record of each file. */
export const version = framed(new BinaryWriter().tag(1, 1).double(1e9).tag(3, 2).string("brain.Event:2").finish());
