import type { LinePattern } from "../text/linePattern.ts";
import { parseJsonLine } from "./jsonl.ts";
import { createLineDecoder, headLines } from "./lineDecoder.ts";
import { patternRecord } from "./linePatterns.ts";
import type { LogFormat, LogReader, LogRecord } from "./logFormat.ts";
import { type BarState, readBar } from "./progressBar.ts";
import { createLineParser } from "./textRecord.ts";

/** Longer lines are dumps; the longest real ones seen (verl's, with 60 metrics) have 4,000 characters. */
const longestText = 32 * 1024;

/** Reports of programs as people print them: `step 10 | loss 2.3`, Python logging, tqdm, Keras, Hugging Face dictionaries. */
export const text: LogFormat = textWith([]);

/** The same with a user's own patterns, which are tried before anything else is read from a line. */
export function textWith(patterns: readonly LinePattern[]): LogFormat {
  return {
    name: "text",
    recognize: (head) => recognize(head, patterns),
    createReader: () => createReader(patterns),
  };
}

function recognize(head: Uint8Array, patterns: readonly LinePattern[]): number {
  const reader = createReader(patterns);
  const records = [...reader.push(head)];
  if (records.length === 0 && headLines(head).length <= 1) {
    records.push(...reader.finish());
  }
  return records.length > 0 ? 0.6 : 0;
}

/** A bar begun anew stands at its end as the one before did; its epoch tells them apart. */
function isAnotherCount(a: BarState, b: BarState): boolean {
  return a.done !== b.done || ["epoch", "Epoch", "ep"].some((name) => a.values.get(name) !== b.values.get(name));
}

interface HeldBar {
  state: BarState;
  line: number;
  endOffset: number;
}

function createReader(patterns: readonly LinePattern[]): LogReader {
  const decoder = createLineDecoder({ atReturns: true });
  const parser = createLineParser();
  const skipped: { count: number; first: { line: number; reason: string } | null } = { count: 0, first: null };
  let lineNumber = 1;
  let held: HeldBar | null = null;

  function read(raw: string, endOffset: number, endedBy: "newline" | "return" | "end", out: LogRecord[]): void {
    if (raw.length > longestText) {
      skipped.count++;
      skipped.first ??= { line: lineNumber, reason: "longer than 32,768 characters" };
    } else if (raw.length > 0) {
      readSegment(raw, endOffset, out);
    }
    if (endedBy === "newline") {
      release(out);
      lineNumber++;
    }
  }

  function readSegment(raw: string, endOffset: number, out: LogRecord[]): void {
    const own = patterns.length === 0 ? null : patternRecord(patterns, parser.shown(raw));
    if (own !== null) {
      release(out);
      push(own, endOffset, out);
      return;
    }
    const fast = parser.known(raw);
    if (fast !== null) {
      release(out);
      push(fast, endOffset, out);
      return;
    }
    const shown = parser.shown(raw);
    if (shown.trim().length === 0) {
      return;
    }
    const bar = readBar(shown);
    if (bar !== null) {
      hold(bar, endOffset, out);
      return;
    }
    release(out);
    const json = shown.includes("{") ? parseJsonLine(shown.trim(), lineNumber, endOffset) : null;
    if (json !== null) {
      out.push(json);
      return;
    }
    const parsed = parser.parse(shown, raw);
    if (parsed !== null) {
      push(parsed, endOffset, out);
    }
  }

  function push(parsed: Omit<LogRecord, "line" | "endOffset">, endOffset: number, out: LogRecord[]): void {
    const { values, phase, event, background, restart } = parsed;
    if (phase === undefined && event === undefined && background === undefined && restart === undefined) {
      out.push({ values, line: lineNumber, endOffset });
    } else {
      out.push({ ...parsed, line: lineNumber, endOffset });
    }
  }

  /** A bar's state stands until its count moves on: what it showed last is what belongs to that count. */
  function hold(state: BarState, endOffset: number, out: LogRecord[]): void {
    if (held !== null && (held.state.kind !== state.kind || held.state.label !== state.label)) {
      release(out);
    } else if (held !== null && state.kind === "tqdm" && isAnotherCount(held.state, state)) {
      release(out);
    }
    if (held !== null && state.values.size === 0 && state.kind === "tqdm") {
      return;
    }
    held = { state, line: lineNumber, endOffset };
  }

  function release(out: LogRecord[]): void {
    if (held === null) {
      return;
    }
    const { state, line, endOffset } = held;
    held = null;
    const done = state.kind === "tqdm" ? parser.barRecord(state) : parser.kerasRecord(state);
    if (done !== null) {
      out.push({ ...done, line, endOffset });
    }
  }

  function through(feed: (out: LogRecord[]) => void): LogRecord[] {
    const out: LogRecord[] = [];
    const before = decoder.overlong;
    feed(out);
    if (decoder.overlong > before) {
      skipped.count += decoder.overlong - before;
      skipped.first ??= { line: lineNumber, reason: "line longer than 4 MiB" };
    }
    return out;
  }

  return {
    push: (chunk) => through((out) => decoder.push(chunk, (line, end, endedBy) => read(line, end, endedBy, out))),
    finish: () =>
      through((out) => {
        decoder.finish((line, end, endedBy) => read(line, end, endedBy, out));
        release(out);
      }),
    skipped,
  };
}
