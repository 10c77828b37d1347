import { crc32 } from "node:zlib";
import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** The first bytes of each file. */
export const header = Buffer.from(":W&B\xe1\xbe\0", "latin1");

/** One chunk of LevelDB's log: type 1 holds a whole record. */
export function chunk(type: number, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(7 + data.length);
  bytes.writeUInt16LE(data.length, 4);
  bytes[6] = type;
  bytes.set(data, 7);
  bytes.writeUInt32LE(crc32(bytes.subarray(6)), 0);
  return bytes;
}

/** A record of wandb with one message. */
export function record(field: number, message: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, 2).bytes(message).finish();
}

/** A history record; names with a blank in them are written as nested keys. */
export function history(items: Record<string, string>): Uint8Array {
  const message = new BinaryWriter();
  for (const [name, json] of Object.entries(items)) {
    const item = new BinaryWriter();
    const keys = name.split(" ");
    for (const key of keys) item.tag(keys.length > 1 ? 2 : 1, 2).string(key);
    message.tag(1, 2).bytes(item.tag(16, 2).string(json).finish());
  }
  return record(2, message.finish());
}
