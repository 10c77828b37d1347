import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { eachField, endOfMessage, int64 } from "./protobufFields.ts";
import { scalarOfTensor } from "./tfTensor.ts";

/** What an event of a TensorBoard file says, as far as it is read. */
export interface TfEvent {
  /** Seconds since 1970. */
  wallTime: number;
  step: number;
  /** Scalars by tag, in the order of writing. */
  readonly scalars: Map<string, number>;
  /** A session was started here: the writer's word that steps from here on replace earlier ones. */
  sessionStart: boolean;
}

/** Parses events of one file in their order: tags and the plugins that they belong to are remembered. */
export interface TfEventParser {
  /** The event at `bytes[from…to)`; null for bytes that are no event. Fields that are not read are passed over, not copied. */
  parse(reader: BinaryReader, bytes: Uint8Array, from: number, to: number): TfEvent | null;
}

interface Tag {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly next: Tag | null;
  /** TF2 names the plugin with the first value of a tag only (tensorboard/data_compat.py). */
  plugin: string;
}

/** Field numbers of tensorboard/compat/proto/event.proto and summary.proto, joined with their wire types as they stand in a file. */
const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;
const eventWallTime = (1 << 3) | fixed64;
const eventStep = (2 << 3) | varint;
const eventSummary = (5 << 3) | delimited;
const eventSessionLog = (7 << 3) | delimited;
const sessionStart = 1;
const summaryValue = (1 << 3) | delimited;
const valueTag = (1 << 3) | delimited;
const valueSimple = (2 << 3) | fixed32;
const valueTensor = (8 << 3) | delimited;
const valueMetadata = (9 << 3) | delimited;

export function createTfEventParser(): TfEventParser {
  const tags = new Map<number, Tag>();

  /** The same tags come again and again: they are told by their bytes, which costs less than to decode them. */
  function tagAt(bytes: Uint8Array, from: number, to: number): Tag {
    let hash = 0;
    for (let i = from; i < to; i++) {
      hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
    }
    const first = tags.get(hash) ?? null;
    for (let tag = first; tag !== null; tag = tag.next) {
      if (isSame(tag.bytes, bytes, from, to)) {
        return tag;
      }
    }
    const own = bytes.slice(from, to);
    const added: Tag = { name: new TextDecoder().decode(own), bytes: own, next: first, plugin: "" };
    tags.set(hash, added);
    return added;
  }

  function readValue(reader: BinaryReader, bytes: Uint8Array, end: number, scalars: Map<string, number>): void {
    let tag: Tag | null = null;
    let number: number | null = null;
    let tensorFrom = -1;
    let tensorTo = -1;
    let plugin = "";
    while (reader.pos < end) {
      const field = reader.uint32();
      if (field === valueTag) {
        const to = endOfMessage(reader);
        tag = tagAt(bytes, reader.pos, to);
        reader.pos = to;
      } else if (field === valueSimple) {
        number = reader.float();
      } else if (field === valueTensor) {
        tensorTo = endOfMessage(reader);
        tensorFrom = reader.pos;
        reader.pos = tensorTo;
      } else if (field === valueMetadata) {
        plugin = pluginOf(reader, endOfMessage(reader));
      } else {
        reader.skip(field & 7, field >>> 3);
      }
    }
    if (tag === null) {
      return;
    }
    if (plugin !== "") {
      tag.plugin = plugin;
    }
    if (number === null && tensorFrom >= 0 && (tag.plugin === "" || tag.plugin === "scalars")) {
      reader.pos = tensorFrom;
      number = scalarOfTensor(reader, tensorTo);
      reader.pos = end;
    }
    if (number !== null) {
      scalars.set(tag.name, number);
    }
  }

  function readEvent(reader: BinaryReader, bytes: Uint8Array, end: number): TfEvent {
    const event: TfEvent = { wallTime: Number.NaN, step: 0, scalars: new Map(), sessionStart: false };
    while (reader.pos < end) {
      const field = reader.uint32();
      if (field === eventWallTime) {
        event.wallTime = reader.double();
      } else if (field === eventStep) {
        event.step = int64(reader);
      } else if (field === eventSummary) {
        const to = endOfMessage(reader);
        while (reader.pos < to) {
          const inner = reader.uint32();
          if (inner === summaryValue) {
            readValue(reader, bytes, endOfMessage(reader), event.scalars);
          } else {
            reader.skip(inner & 7, inner >>> 3);
          }
        }
      } else if (field === eventSessionLog) {
        event.sessionStart = startsSession(reader, endOfMessage(reader));
      } else {
        reader.skip(field & 7, field >>> 3);
      }
    }
    return event;
  }

  return {
    parse(reader, bytes, from, to) {
      reader.pos = from;
      try {
        const event = readEvent(reader, bytes, to);
        return reader.pos === to ? event : null;
      } catch {
        return null;
      }
    },
  };
}

function isSame(own: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (own.length !== to - from) {
    return false;
  }
  for (let i = 0; i < own.length; i++) {
    if (own[i] !== bytes[from + i]) {
      return false;
    }
  }
  return true;
}

function startsSession(reader: BinaryReader, end: number): boolean {
  let started = false;
  eachField(reader, end, (field) => {
    if (field === 1) {
      started = reader.uint32() === sessionStart;
    }
    return field === 1;
  });
  return started;
}

/** `SummaryMetadata.plugin_data.plugin_name`. */
function pluginOf(reader: BinaryReader, end: number): string {
  let name = "";
  eachField(reader, end, (field) => {
    if (field === 1) {
      eachField(reader, endOfMessage(reader), (inner) => {
        if (inner === 1) {
          name = reader.string();
        }
        return inner === 1;
      });
    }
    return field === 1;
  });
  return name;
}
