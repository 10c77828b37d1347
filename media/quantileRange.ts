/** The 5 % and 95 % quantiles of the finite values, null for fewer than two (TensorBoard clips outliers at the same two). */
export function quantileRange(values: readonly (number | null | undefined)[]): [low: number, high: number] | null {
  const finite = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (finite.length < 2) return null;
  finite.sort((a, b) => a - b);
  const at = (share: number) => finite[Math.round(share * (finite.length - 1))] ?? 0;
  return [at(0.05), at(0.95)];
}
