/** Quantile `q` (0…1) of the samples by the nearest-rank method; NaN of none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Milliseconds that `work` takes, one sample a round, after `warmUp` rounds that are not counted. */
export async function timed(rounds: number, warmUp: number, work: () => unknown): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    const start = performance.now();
    await work();
    if (round >= warmUp) samples.push(performance.now() - start);
  }
  return samples;
}

/**
 * Prints one figure with its bar and remembers whether it holds; the process's exit status says whether all do.
 * `unit` is "ms" or "s" for times, "×" for ratios, "MiB" for memory.
 */
export function figure(name: string, value: number, bar: number, unit: "ms" | "s" | "×" | "MiB", detail: string): void {
  const holds = value <= bar;
  if (!holds) process.exitCode = 1;
  const shown = `${value.toFixed(unit === "ms" ? 1 : 2)} ${unit}`;
  console.log(`${holds ? "ok  " : "OVER"}  ${name.padEnd(58)} ${shown.padStart(10)}  (bar ${bar} ${unit}; ${detail})`);
}

/** Prints a figure that has no bar, for comparison. */
export function remark(name: string, value: number, unit: "ms" | "s" | "×" | "MiB", detail: string): void {
  console.log(`      ${name.padEnd(58)} ${`${value.toFixed(2)} ${unit}`.padStart(10)}  (${detail})`);
}
