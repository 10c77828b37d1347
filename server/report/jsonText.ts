/** JSON with two spaces of indent and a closing line end; numbers that JSON cannot say become `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, (_, part) => (typeof part === "number" && !Number.isFinite(part) ? String(part) : part), 2)}\n`;
}
