const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const groupedNumber = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const part = /^(\d+)\s*\/\s*\d+$/;

/**
 * A number as logs write it, null for anything else: `1e-4`, `1,234`, `nan`, `NaN`, `inf`, `-Infinity`, and the done part
 * of `4/300`. Blanks around it do not matter.
 */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  if (plainNumber.test(trimmed)) {
    return Number(trimmed);
  }
  if (trimmed.length === 0 || trimmed.length > 40) {
    return null;
  }
  const word = trimmed.toLowerCase();
  switch (word) {
    case "nan":
    case "+nan":
    case "-nan":
    case "-nan(ind)":
    case "1.#qnan":
    case "-1.#ind":
      return Number.NaN;
    case "inf":
    case "+inf":
    case "infinity":
    case "+infinity":
    case "1.#inf":
      return Number.POSITIVE_INFINITY;
    case "-inf":
    case "-infinity":
    case "-1.#inf":
      return Number.NEGATIVE_INFINITY;
  }
  if (groupedNumber.test(trimmed)) {
    return Number(trimmed.replaceAll(",", ""));
  }
  const done = part.exec(trimmed)?.[1];
  return done === undefined ? null : Number(done);
}
