import type { TextRange } from "../text/range.ts";

/** A stretch of a script with what it says. */
export interface ScriptPlace {
  readonly range: TextRange;
  readonly text: string;
}

/** `step < 1420`, `1735 <= step < 1747`, `it > 2210`, `epoch == 30`: a counter beside a number. */
const counter =
  "(?:[\\w.]*_)?(?:step|steps|iter|iteration|it|epoch|ep|i|t|update|batch|batch_idx|batch_i)(?:_(?:idx|num|i|count))?";
const number = "\\d[\\d_]*(?:\\.\\d+)?(?:e\\d+)?";
const comparison = new RegExp(
  `(?<![\\w.])(?:(?<left>${counter})\\s*(?:<=?|>=?|==)\\s*(?<after>${number})|(?<before>${number})\\s*(?:<=?|>=?|==)\\s*(?<right>${counter}))(?![\\w.])`,
  "g",
);

function linesOf(text: string): { readonly start: number; readonly code: string }[] {
  let start = 0;
  return text.split("\n").map((line) => {
    const at = start;
    start += line.length + 1;
    return { start: at, code: line.replace(/(^|\s)#.*$/, "") };
  });
}

function placeIn(line: { readonly start: number; readonly code: string }): ScriptPlace {
  const text = line.code.trim();
  const start = line.start + line.code.indexOf(text);
  return { range: { start, end: start + text.length }, text };
}

/**
 * Where the script compares its step or epoch with a number that lies at the onset: what it does changes there. Null where
 * none does, or several different lines do. `reach` is in steps.
 */
export function conditionAt(text: string, onset: number, reach: number): ScriptPlace | null {
  const found = linesOf(text).flatMap((line) => {
    for (const { groups } of line.code.matchAll(comparison)) {
      const value = Number((groups?.after ?? groups?.before ?? "").replaceAll("_", ""));
      if (value > 1 && Math.abs(value - onset) <= reach) {
        return [placeIn(line)];
      }
    }
    return [];
  });
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** Logged values are rounded, and a schedule's highest is seldom logged itself. */
const sameNumber = 0.01;

/** The one line that holds a number equal to this one, within a hundredth; null where none or several do. */
export function lineOfNumber(text: string, value: number): ScriptPlace | null {
  const found = linesOf(text).filter(({ code }) =>
    [...code.matchAll(/(?<![\w.])\d+(?:\.\d*)?(?:e[-+]?\d+)?|(?<![\w.])\.\d+/gi)].some(
      ([literal]) => Math.abs(Number(literal) - value) <= sameNumber * Math.abs(value),
    ),
  );
  return found.length === 1 && found[0] !== undefined ? placeIn(found[0]) : null;
}

/** The first line whose code matches. */
export function lineMatching(text: string, pattern: RegExp): ScriptPlace | null {
  const found = linesOf(text).find(({ code }) => pattern.test(code));
  return found === undefined ? null : placeIn(found);
}
