import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { ScalarValue } from "../facts/trainingFacts.ts";
import { eachField, endOfMessage } from "../logs/protobufFields.ts";

/** LevelDB's log format behind seven bytes of wandb's own, which the first block counts in (wandb/sdk/internal/datastore.py). */
const blockSize = 32_768;
const fileHeader = 7;
const chunkHeader = 7;
const full = 1;
const first = 2;
const last = 4;

/** Field numbers of wandb/proto/wandb_internal.proto. */
const recordConfig = 5;
const recordRun = 17;
const runConfig = 4;
const configUpdate = 1;
const itemKey = 1;
const itemNestedKey = 2;
const itemJson = 16;

/** The config that a `.wandb` file holds at its front: of the run's record, and of those that changed it. */
export function wandbHyperparameters(bytes: Uint8Array): ReadonlyMap<string, ScalarValue> {
  const found = new Map<string, ScalarValue>();
  for (const record of recordsOf(bytes)) {
    try {
      const reader = new BinaryReader(record);
      eachField(reader, record.length, (field) => {
        if (field === recordConfig) readConfig(reader, endOfMessage(reader), found);
        else if (field === recordRun) readRun(reader, endOfMessage(reader), found);
        else return false;
        return true;
      });
    } catch {
      // A record that is none costs itself alone.
    }
  }
  return found;
}

function* recordsOf(bytes: Uint8Array): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let at = fileHeader;
  while (at + chunkHeader <= bytes.length) {
    const leftInBlock = blockSize - (at % blockSize);
    if (leftInBlock < chunkHeader) {
      at += leftInBlock;
      continue;
    }
    const length = (bytes[at + 4] ?? 0) | ((bytes[at + 5] ?? 0) << 8);
    const type = bytes[at + 6] ?? 0;
    const from = at + chunkHeader;
    if (type === 0 || from + length > bytes.length) return;
    if (type === full || type === first) parts = [];
    parts.push(bytes.subarray(from, from + length));
    if (type === full || type === last) yield Buffer.concat(parts);
    at = from + length;
  }
}

function readRun(reader: BinaryReader, end: number, found: Map<string, ScalarValue>): void {
  eachField(reader, end, (field) => {
    if (field !== runConfig) return false;
    readConfig(reader, endOfMessage(reader), found);
    return true;
  });
}

function readConfig(reader: BinaryReader, end: number, found: Map<string, ScalarValue>): void {
  eachField(reader, end, (field) => {
    if (field !== configUpdate) return false;
    readItem(reader, endOfMessage(reader), found);
    return true;
  });
}

function readItem(reader: BinaryReader, end: number, found: Map<string, ScalarValue>): void {
  const names: string[] = [];
  let json = "";
  eachField(reader, end, (field) => {
    if (field === itemKey || field === itemNestedKey) names.push(reader.string());
    else if (field === itemJson) json = reader.string();
    else return false;
    return true;
  });
  const name = names.filter((part) => part !== "").join(".");
  if (!name.startsWith("_")) add(name, parsed(json), found);
}

function add(name: string, value: unknown, found: Map<string, ScalarValue>): void {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") found.set(name, value);
  else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) add(`${name}.${key}`, inner, found);
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
