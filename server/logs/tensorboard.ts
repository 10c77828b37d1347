import { BinaryReader } from "@bufbuild/protobuf/wire";
import { maskedCrc32c } from "./crc32c.ts";
import { createHeldBytes } from "./heldBytes.ts";
import type { LogFormat, LogReader, LogRecord } from "./logFormat.ts";
import { createTfEventParser } from "./tfEvent.ts";

/** Length (8 bytes) and its checksum (4) stand before a record's data, the data's checksum (4) behind it. */
const headerSize = 12;
const footerSize = 4;

/** A graph or a video may be larger; events with scalars beside them are a few kilobytes. */
const largestRecord = 64 * 1024 * 1024;

/**
 * TensorBoard event files: TFRecords of `Event` messages (tensorboard/data/server/tf_record.rs). A length whose checksum is
 * wrong ends what can be read, data whose checksum is wrong costs that record, a record that is not whole yet is waited for.
 */
export const tensorboard: LogFormat = { name: "tensorboard", binary: true, recognize, createReader };

function recognize(head: Uint8Array): number {
  return head.length >= headerSize && lengthHolds(head, viewOf(head), 0) ? 1 : 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function lengthHolds(bytes: Uint8Array, view: DataView, at: number): boolean {
  return view.getUint32(at + 8, true) === maskedCrc32c(bytes, at, at + 8);
}

function createReader(): LogReader {
  const held = createHeldBytes();
  const parser = createTfEventParser();
  const skipped: { count: number; first: { line: number; reason: string } | null } = { count: 0, first: null };
  /** The last step of each tag: tags of one file may count in different units. */
  const lastSteps = new Map<string, number>();
  let offset = 0;
  let ordinal = 0;
  let passing = 0;
  let dead = false;
  let restart = false;
  let started = false;

  function skip(reason: string): void {
    skipped.count++;
    skipped.first ??= { line: ordinal, reason };
  }

  function wentBack(scalars: ReadonlyMap<string, number>, step: number): boolean {
    let back = false;
    for (const name of scalars.keys()) {
      const before = lastSteps.get(name);
      back = back || (before !== undefined && step < before);
    }
    return back;
  }

  function readData(reader: BinaryReader, bytes: Uint8Array, from: number, to: number, out: LogRecord[]): void {
    const event = parser.parse(reader, bytes, from, to);
    if (event === null) {
      skip("no event");
      return;
    }
    if (event.sessionStart) {
      restart = restart || started;
    }
    const { scalars, step, wallTime } = event;
    if (scalars.size === 0) {
      return;
    }
    const back = restart || wentBack(scalars, step);
    if (back) {
      lastSteps.clear();
      restart = false;
    }
    for (const name of scalars.keys()) {
      lastSteps.set(name, step);
    }
    started = true;
    const endOffset = offset + to + footerSize;
    out.push(
      back
        ? { values: scalars, line: ordinal, endOffset, step, wallTime, restart: true }
        : { values: scalars, line: ordinal, endOffset, step, wallTime },
    );
  }

  /** Reads whole records from the start of `bytes`; gives how many bytes they take and how many the next one needs. */
  function readRecords(bytes: Uint8Array, out: LogRecord[]): { at: number; needed: number } {
    const view = viewOf(bytes);
    const reader = new BinaryReader(bytes);
    let at = 0;
    while (bytes.length - at >= headerSize) {
      if (!lengthHolds(bytes, view, at)) {
        ordinal++;
        const zeros = bytes.subarray(at, at + headerSize).every((byte) => byte === 0);
        skip(
          zeros ? "zeros where a record should begin" : "the checksum of a length is wrong; nothing behind it is read",
        );
        dead = true;
        return { at: bytes.length, needed: 0 };
      }
      const length = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
      const to = at + headerSize + length;
      if (length > largestRecord) {
        ordinal++;
        passing = Math.max(0, to + footerSize - bytes.length);
        at = Math.min(to + footerSize, bytes.length);
        continue;
      }
      if (to + footerSize > bytes.length) {
        return { at, needed: to + footerSize - at };
      }
      ordinal++;
      if (view.getUint32(to, true) === maskedCrc32c(bytes, at + headerSize, to)) {
        readData(reader, bytes, at + headerSize, to, out);
      } else {
        skip("its checksum is wrong");
      }
      at = to + footerSize;
    }
    return { at, needed: headerSize };
  }

  return {
    push(chunk) {
      const out: LogRecord[] = [];
      if (dead) {
        return out;
      }
      const passed = Math.min(passing, chunk.length);
      passing -= passed;
      offset += passed;
      const bytes = held.add(passed === 0 ? chunk : chunk.subarray(passed));
      if (bytes !== null) {
        const { at, needed } = readRecords(bytes, out);
        offset += at;
        held.keep(bytes.subarray(at), needed);
      }
      return out;
    },
    finish: () => [],
    beginAgain() {
      held.keep(new Uint8Array(0), 0);
      offset = 0;
      passing = 0;
      dead = false;
    },
    skipped,
  };
}
