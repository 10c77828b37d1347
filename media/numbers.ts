/** Numbers as people read them: 0.0123, 3e-4, 65,536, 1.2M. */

const thousands = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A measured value with three significant digits; powers of ten below 0.001 and above a million. */
export function formatValue(value: number | "NaN" | "Infinity" | "-Infinity" | null): string {
  if (value === null) return "–";
  if (value === "NaN" || Number.isNaN(value)) return "NaN";
  if (value === "Infinity" || value === Number.POSITIVE_INFINITY) return "∞";
  if (value === "-Infinity" || value === Number.NEGATIVE_INFINITY) return "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e7) return exponent(value);
  if (size >= 1000) return Number.isInteger(value) || size >= 10_000 ? formatStep(value) : minus(value.toFixed(1));
  const short = Number(value.toPrecision(3));
  // Zeros at the end are kept where they say that the value was rounded.
  return minus(short === value ? String(value) : value.toPrecision(3));
}

/** A step with thousands separators: 152,300. */
export function formatStep(step: number): string {
  return minus(thousands.format(step));
}

/** A count in short, never rounded up: 950, 4,999, 12.3k, 152k, 1.2M, 3B. */
export function formatCompact(count: number): string {
  const size = Math.abs(count);
  if (size < 10_000 && Number.isInteger(count)) return formatStep(count);
  for (const [unit, letter] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (size < unit) continue;
    const scaled = Math.trunc((count / unit) * 10) / 10;
    return minus(`${Math.abs(scaled) >= 100 ? Math.trunc(scaled) : scaled}${letter}`);
  }
  return minus(String(Number.isInteger(count) ? count : Number(count.toPrecision(3))));
}

/** A duration in milliseconds in its two largest units: 2 h 13 m, 4 m 5 s, 12 s. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([amount], place) => place === 0 || amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** Steps a second: "41 it/s", or seconds a step when slower than one: "2.5 s/it". */
export function formatRate(stepsPerSecond: number): string {
  if (stepsPerSecond >= 1) return `${formatValue(Number(stepsPerSecond.toPrecision(2)))} it/s`;
  return `${formatValue(Number((1 / stepsPerSecond).toPrecision(2)))} s/it`;
}

function exponent(value: number): string {
  const [digits = "0", power = "0"] = value.toExponential(2).split("e");
  return minus(`${Number(digits)}e${Number(power)}`);
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}
