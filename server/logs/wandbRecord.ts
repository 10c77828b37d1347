import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { LogRecord } from "./logFormat.ts";
import { parseNumber } from "./numberText.ts";
import { eachField, endOfMessage, int64 } from "./protobufFields.ts";

/** What a record of a `.wandb` file says of the training. */
export type WandbRecord = Pick<LogRecord, "values" | "step" | "wallTime" | "restart" | "exitStatus">;

/** Parses the records of one file in their order. */
export interface WandbRecordParser {
  /** Null for bytes that are no record, `"other"` for records that say nothing of the training. */
  parse(bytes: Uint8Array): WandbRecord | "other" | null;
}

/** Field numbers of wandb/proto/wandb_internal.proto. */
const recordHistory = 2;
const recordMetric = 12;
const recordExit = 18;
const historyItem = 1;
const historyStep = 2;
const itemKey = 1;
const itemNestedKey = 2;
const itemJson = 16;
const metricGlob = 2;
const metricStep = 4;
const exitCode = 1;

/** Dictionaries in dictionaries deeper than this are no metrics. */
const deepest = 4;

export function createWandbRecordParser(): WandbRecordParser {
  /** The column that all others are plotted over by the run's own word (`define_metric("*", step_metric=…)`, as Trainer does). */
  let stepMetric: string | null = null;
  let lastStep = Number.NaN;

  function historyOf(reader: BinaryReader, end: number): WandbRecord | "other" {
    const values = new Map<string, number>();
    const own = { step: Number.NaN, wallTime: Number.NaN };
    eachField(reader, end, (field) => {
      if (field === historyItem) {
        readItem(reader, endOfMessage(reader), values, own);
      } else if (field === historyStep) {
        const counted = stepIn(reader, endOfMessage(reader));
        own.step = Number.isNaN(own.step) ? counted : own.step;
      } else {
        return false;
      }
      return true;
    });
    if (values.size === 0) {
      return "other";
    }
    const step = stepOf(values, own.step);
    const restart = step < lastStep;
    lastStep = step;
    const wallTime = Number.isNaN(own.wallTime) ? {} : { wallTime: own.wallTime };
    return { values, step, ...wallTime, ...(restart ? { restart } : {}) };
  }

  function stepOf(values: ReadonlyMap<string, number>, counted: number): number {
    const named = stepMetric === null ? undefined : values.get(stepMetric);
    if (named !== undefined && Number.isFinite(named)) {
      return named;
    }
    // Records without that column belong to where the others stand.
    const standing = stepMetric === null || Number.isNaN(lastStep) ? counted : lastStep;
    return Number.isNaN(standing) ? 0 : standing;
  }

  function readMetric(reader: BinaryReader, end: number): void {
    let glob = "";
    let step = "";
    eachField(reader, end, (field) => {
      if (field === metricGlob) {
        glob = reader.string();
      } else if (field === metricStep) {
        step = reader.string();
      } else {
        return false;
      }
      return true;
    });
    if (glob === "*" && step !== "" && Number.isNaN(lastStep)) {
      stepMetric = step;
    }
  }

  return {
    parse(bytes) {
      const reader = new BinaryReader(bytes);
      let said: WandbRecord | "other" = "other";
      try {
        eachField(reader, bytes.length, (field) => {
          if (field === recordHistory) {
            said = historyOf(reader, endOfMessage(reader));
          } else if (field === recordMetric) {
            readMetric(reader, endOfMessage(reader));
          } else if (field === recordExit) {
            said = { values: new Map(), exitStatus: exitOf(reader, endOfMessage(reader)) };
          } else {
            return false;
          }
          return true;
        });
        return reader.pos === bytes.length ? said : null;
      } catch {
        return null;
      }
    },
  };
}

/** `HistoryStep`: one number. */
function stepIn(reader: BinaryReader, end: number): number {
  let step = 0;
  eachField(reader, end, (field) => {
    if (field === 1) {
      step = int64(reader);
    }
    return field === 1;
  });
  return step;
}

function exitOf(reader: BinaryReader, end: number): number {
  let status = 0;
  eachField(reader, end, (field) => {
    if (field === exitCode) {
      status = reader.int32();
    }
    return field === exitCode;
  });
  return status;
}

/** One logged column; wandb's own columns (`_step`, `_timestamp`, `_runtime`) go where they belong. */
function readItem(
  reader: BinaryReader,
  end: number,
  values: Map<string, number>,
  own: { step: number; wallTime: number },
): void {
  const names: string[] = [];
  let json = "";
  eachField(reader, end, (field) => {
    if (field === itemKey || field === itemNestedKey) {
      names.push(reader.string());
    } else if (field === itemJson) {
      json = reader.string();
    } else {
      return false;
    }
    return true;
  });
  const name = names.filter((part) => part !== "").join(".");
  if (name === "_step") {
    own.step = numberOf(json) ?? Number.NaN;
  } else if (name === "_timestamp") {
    own.wallTime = numberOf(json) ?? Number.NaN;
  } else if (name !== "" && !name.startsWith("_")) {
    addValue(name, json, values);
  }
}

function addValue(name: string, json: string, values: Map<string, number>): void {
  const number = numberOf(json);
  if (number !== null) {
    values.set(name, number);
  } else if (json.startsWith("{")) {
    addNested(name, parsed(json), 0, values);
  }
}

/** Numbers as wandb writes them: JSON's, and NaN and infinities bare or quoted. */
function numberOf(json: string): number | null {
  const bare = json.startsWith('"') ? json.slice(1, -1) : json;
  if (bare !== json && !/^[+-]?(nan|inf|infinity)$/i.test(bare)) {
    return null;
  }
  return bare === "" ? null : parseNumber(bare);
}

/** Media and histograms are dictionaries that name their `_type`. */
function addNested(name: string, value: unknown, depth: number, values: Map<string, number>): void {
  if (typeof value === "number") {
    values.set(name, value);
  } else if (typeof value === "object" && value !== null && !Array.isArray(value) && depth < deepest) {
    if (!("_type" in value)) {
      for (const [key, inner] of Object.entries(value)) {
        addNested(`${name}.${key}`, inner, depth + 1, values);
      }
    }
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
