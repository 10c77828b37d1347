import { isRecord } from "../text/plainRecord.ts";
import { createLineDecoder, headLines } from "./lineDecoder.ts";
import type { LogFormat, LogReader, LogRecord } from "./logFormat.ts";
import { parseNumber } from "./numberText.ts";
import { phaseFields, phaseOfWord } from "./recordPhase.ts";

/** Python's `json` writes these bare, although JSON has no such words; strings are matched to be passed over. */
const bareWord = /"(?:[^"\\]|\\.)*"|-?\b(?:Infinity|NaN|inf|nan)\b/g;

/** Arrays longer than this are data (histograms, predictions), not scalars. */
const longestList = 8;

/** One JSON object a line, with a prefix as SlowFast's `json_stats: {…}` allowed. */
export const jsonl: LogFormat = { name: "jsonl", recognize, createReader };

function recognize(head: Uint8Array, fileName: string): number {
  const lines = headLines(head)
    .map((line) => line.trim())
    .filter((line) => line.length > 0)
    .slice(0, 50);
  if (lines.length === 0) {
    return 0;
  }
  const objects = lines.filter((line) => parseObject(line) !== null).length;
  const share = objects / lines.length;
  return share < 0.5 ? 0 : share * (/\.(jsonl|ndjson)$/i.test(fileName) ? 1 : 0.98);
}

/** Reads one line that holds a JSON object, null for other lines and for objects without numbers. */
export function parseJsonLine(line: string, lineNumber: number, endOffset: number): LogRecord | null {
  const object = parseObject(line);
  return object === null ? null : recordOf(object, lineNumber, endOffset);
}

function parseObject(line: string): Record<string, unknown> | null {
  const from = line.indexOf("{");
  if (from < 0 || from > 200 || line.charCodeAt(line.length - 1) !== 0x7d) {
    return null;
  }
  const text = from === 0 ? line : line.slice(from);
  return asObject(
    parsed(text) ?? parsed(text.replace(bareWord, (word) => (word.startsWith('"') ? word : `"${word}"`))),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> | null {
  return isRecord(value) ? value : null;
}

function createReader(): LogReader {
  const decoder = createLineDecoder({ atReturns: false });
  const skipped: { count: number; first: { line: number; reason: string } | null } = { count: 0, first: null };
  let lineNumber = 0;

  function read(text: string, endOffset: number, out: LogRecord[]): void {
    lineNumber++;
    const line = text.trim();
    if (line.length === 0) {
      return;
    }
    const object = parseObject(line);
    if (object === null) {
      skipped.count++;
      skipped.first ??= { line: lineNumber, reason: "not a JSON object" };
      return;
    }
    const record = recordOf(object, lineNumber, endOffset);
    if (record !== null) {
      out.push(record);
    }
  }

  function skipOverlong(before: number): void {
    if (decoder.overlong > before) {
      skipped.count += decoder.overlong - before;
      skipped.first ??= { line: lineNumber, reason: "line longer than 4 MiB" };
    }
  }

  return {
    push(chunk) {
      const out: LogRecord[] = [];
      const before = decoder.overlong;
      decoder.push(chunk, (text, end) => read(text, end, out));
      skipOverlong(before);
      return out;
    },
    finish() {
      const out: LogRecord[] = [];
      const before = decoder.overlong;
      decoder.finish((text, end) => read(text, end, out));
      skipOverlong(before);
      return out;
    },
    skipped,
  };
}

function recordOf(object: Record<string, unknown>, line: number, endOffset: number): LogRecord | null {
  const values = new Map<string, number>();
  flatten(object, "", values);
  const phase = phaseIn(object);
  const event = eventIn(object);
  if (values.size === 0 && event === null) {
    return null;
  }
  if (phase === null && event === null) {
    return { values, line, endOffset };
  }
  return { values, line, endOffset, ...(phase === null ? {} : { phase }), ...(event === null ? {} : { event }) };
}

function flatten(object: Record<string, unknown>, prefix: string, into: Map<string, number>): void {
  for (const key in object) {
    const value = object[key];
    const name = prefix === "" ? key : `${prefix}/${key}`;
    if (typeof value === "number") {
      into.set(name, value);
    } else if (typeof value === "string") {
      const number = parseNumber(value);
      if (number !== null) {
        into.set(name, number);
      }
    } else if (Array.isArray(value)) {
      flattenList(value, name, into);
    } else if (isRecord(value)) {
      flatten(value, name, into);
    }
  }
}

function flattenList(list: readonly unknown[], name: string, into: Map<string, number>): void {
  if (list.length === 0 || list.length > longestList || !list.every((item) => typeof item === "number")) {
    return;
  }
  if (list.every((item) => item === list[0])) {
    into.set(name, Number(list[0]));
    return;
  }
  list.forEach((item, i) => {
    into.set(`${name}/${i}`, Number(item));
  });
}

function phaseIn(object: Record<string, unknown>): "train" | "val" | null {
  for (const field of phaseFields) {
    const value = object[field];
    if (typeof value === "string") {
      const phase = phaseOfWord(value);
      if (phase !== null) {
        return phase;
      }
    }
  }
  return null;
}

function eventIn(object: Record<string, unknown>): NonNullable<LogRecord["event"]> | null {
  const said = object.event;
  if (typeof said !== "string") {
    return null;
  }
  const kind = /stage|curriculum|phase/i.test(said)
    ? "stage"
    : /resum/i.test(said)
      ? "resume"
      : /checkpoint|save/i.test(said)
        ? "checkpoint"
        : /overflow/i.test(said)
          ? "overflow"
          : null;
  return kind === null ? null : { kind, text: said };
}
