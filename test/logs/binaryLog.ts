import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { LogFormat, LogRecord } from "../../server/logs/logFormat.ts";

/** A file that a real library wrote in a case of test/zoo. */
export function zooFile(path: string): Buffer {
  return readFileSync(new URL(`../zoo/${path}`, import.meta.url));
}

/** The records of a whole file, and how many could not be read. */
export function readAll(format: LogFormat, bytes: Uint8Array): { records: LogRecord[]; skipped: number; why: string } {
  const reader = format.createReader();
  const records = [...reader.push(bytes), ...reader.finish()];
  return { records, skipped: reader.skipped.count, why: reader.skipped.first?.reason ?? "" };
}

/** Records in a form that `deepEqual` compares, fed in pieces that end at `cuts`. */
export function readInPieces(format: LogFormat, bytes: Uint8Array, cuts: readonly number[]): unknown[] {
  const reader = format.createReader();
  const records: LogRecord[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    records.push(...reader.push(bytes.slice(from, cut)));
    from = cut;
  }
  records.push(...reader.finish());
  const { count, first } = reader.skipped;
  return [...records.map((record) => ({ ...record, values: [...record.values] })), { count, first }];
}

/** Asserts with `equal` that any split, and one byte at a time, gives what the whole gives. */
export function everySplit(
  format: LogFormat,
  bytes: Uint8Array,
  equal: (actual: unknown[], expected: unknown[]) => void,
): void {
  const whole = readInPieces(format, bytes, []);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
      equal(readInPieces(format, bytes, cuts), whole);
    }),
    { numRuns: 40 },
  );
  const each = Array.from(bytes, (_, i) => i);
  equal(readInPieces(format, bytes, each), whole);
}

/** Per column: number of points, first, last and sum, rounded to what the reference readers print. */
export function columnSums(records: readonly LogRecord[]): Record<string, readonly [number, number, number, number]> {
  const columns = new Map<string, number[]>();
  for (const { values } of records) {
    for (const [name, value] of values) {
      const column = columns.get(name) ?? [];
      column.push(value);
      columns.set(name, column);
    }
  }
  return Object.fromEntries(
    [...columns].map(([name, column]) => [
      name,
      [
        column.length,
        column[0] ?? Number.NaN,
        column.at(-1) ?? Number.NaN,
        Number(column.reduce((sum, value) => sum + value, 0).toFixed(6)),
      ],
    ]),
  );
}
