/** A measured number for a sentence: four significant digits, powers of ten where people write them. */
export function numberWords(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return value
      .toExponential(2)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  }
  return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** A step for a sentence: thousands separated, fractions of an epoch kept short. */
export function stepWords(step: number): string {
  return step.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/** `14×`, `1.3×`, `2e5×`. */
export function timesWords(ratio: number): string {
  if (ratio >= 10_000) {
    return `${ratio.toExponential(0).replace("e+", "e")}×`;
  }
  return `${ratio >= 10 ? Math.round(ratio).toLocaleString("en-US") : Number(ratio.toPrecision(2))}×`;
}
