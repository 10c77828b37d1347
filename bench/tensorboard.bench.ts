/** Reading a TensorBoard event file with checksums verified: records a second of 1 M scalars in 4 tags. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { maskedCrc32c } from "../server/logs/crc32c.ts";
import { tensorboard } from "../server/logs/tensorboard.ts";
import { median, timed } from "./measure.ts";

const scalars = 1_000_000;
const tags = ["train/loss", "train/grad_norm", "train/learning_rate", "val/loss"];
/** As large as the pieces in which files are read. */
const pieceSize = 32 * 1024;

function eventFile(): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < scalars; index++) {
    const value = new BinaryWriter()
      .tag(1, 2)
      .string(tags[index % tags.length] ?? "")
      .tag(2, 5)
      .float(Math.exp(-index / 300_000) + Math.sin(index) / 50)
      .finish();
    const summary = new BinaryWriter().tag(1, 2).bytes(value).finish();
    const event = new BinaryWriter()
      .tag(1, 1)
      .double(1.75e9 + index / 40)
      .tag(2, 0)
      .int64(Math.floor(index / tags.length))
      .tag(5, 2)
      .bytes(summary)
      .finish();
    parts.push(framed(event));
  }
  return Buffer.concat(parts);
}

function framed(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record, 0, 8), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data, 0, data.length), data.length + 12);
  return record;
}

const bytes = eventFile();

function read(): number {
  const reader = tensorboard.createReader();
  let count = 0;
  for (let at = 0; at < bytes.length; at += pieceSize) {
    count += reader.push(bytes.subarray(at, at + pieceSize)).length;
  }
  return count;
}

if (read() !== scalars) {
  throw new Error(`${read()} of ${scalars} records`);
}
const time = median(await timed(5, 1, read));
console.log(
  `reading TensorBoard events: ${scalars.toLocaleString("en-US")} scalars, ${(bytes.length / 1e6).toFixed(0)} MB, ` +
    `${time.toFixed(0)} ms, ${(scalars / time / 1000).toFixed(2)} M records/s`,
);
