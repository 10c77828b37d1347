import type { LogRecord } from "./logFormat.ts";
import { parseNumber } from "./numberText.ts";
import { phaseOfWord } from "./recordPhase.ts";

/** A user's own form of lines: a regular expression whose named groups are columns. */
export type LinePattern = RegExp;

/** Patterns are tried on the start of a line: what a user writes may go back and forth over it. */
const longestTried = 2000;

/**
 * A pattern as it stands in the settings, `/…/` marks left out: `(?<step>\d+): (?<loss>\S+)`. The group `phase` holds a word
 * (`train`, `eval`). Null when it is no regular expression or names no group.
 */
export function linePattern(source: string): LinePattern | null {
  try {
    return /\(\?<\w+>/.test(source) ? new RegExp(source, "u") : null;
  } catch {
    return null;
  }
}

/** What the first pattern that fits reads from the line, null when none fits or none of its groups holds a number. */
export function patternRecord(
  patterns: readonly LinePattern[],
  line: string,
): Pick<LogRecord, "values" | "phase"> | null {
  const text = line.slice(0, longestTried);
  for (const pattern of patterns) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) {
      continue;
    }
    const values = new Map<string, number>();
    for (const [name, found] of Object.entries(groups)) {
      const number = found === undefined ? null : parseNumber(found);
      if (number !== null) {
        values.set(name, number);
      }
    }
    if (values.size > 0) {
      const phase = phaseOfWord(groups.phase ?? "");
      return phase === null ? { values } : { values, phase };
    }
  }
  return null;
}
