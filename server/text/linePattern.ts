/** A user's own form of lines: a regular expression whose named groups are columns. */
export type LinePattern = RegExp;

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
