/** A value as a message quotes it. */
export function shownValue(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part)) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
