import { formatCompact, formatStep, formatValue } from "./numbers.ts";

/** Labels of a y axis, with just the decimals that tell neighbours apart. */
export function valueLabels(splits: readonly (number | null)[], increment: number): string[] {
  const decimals = Math.max(0, Math.ceil(-Math.log10(increment) - 1e-9));
  const largest = splits.reduce<number>((most, split) => Math.max(most, Math.abs(split ?? 0)), 0);
  const plain = decimals <= 4 && largest < 1e6 && Number.isFinite(decimals);
  return splits.map((split) => {
    if (split === null) return "";
    if (!plain) return formatValue(split);
    return decimals === 0 ? formatStep(split) : split.toFixed(decimals).replace(/^-/, "−");
  });
}

/** Labels of a logarithmic axis: each decade, and between them what uPlot leaves room for. */
export function logLabels(splits: readonly (number | null)[]): string[] {
  return splits.map((split) => (split === null ? "" : formatValue(split)));
}

/** Labels of the step axis: in full up to a million, in short from there on where these tell neighbours apart. */
export function stepLabels(splits: readonly (number | null)[], increment: number): string[] {
  const largest = splits.reduce<number>((most, split) => Math.max(most, Math.abs(split ?? 0)), 0);
  const inFull = splits.map((split) => {
    if (split === null) return "";
    return Number.isInteger(split) ? formatStep(split) : (valueLabels([split], increment)[0] ?? "");
  });
  if (largest < 1e6 || !splits.every((split) => split === null || Number.isInteger(split))) return inFull;
  const inShort = splits.map((split) => (split === null ? "" : formatCompact(split)));
  return inShort.some((label, place) => label !== "" && label === inShort[place - 1]) ? inFull : inShort;
}
