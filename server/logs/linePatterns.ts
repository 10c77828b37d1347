import type { LinePattern } from "../text/linePattern.ts";
import type { LogRecord } from "./logFormat.ts";
import { parseNumber } from "./numberText.ts";
import { phaseOfWord } from "./recordPhase.ts";

/** Patterns are tried on the start of a line: what a user writes may go back and forth over it. */
const longestTried = 2000;

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
