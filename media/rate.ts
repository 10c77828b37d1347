/** Steps a second over the last half minute, from what was seen while the panel was open. */

export interface RateMeter {
  /** Null until two seconds of progress have been seen. */
  see(step: number, atMilliseconds: number): number | null;
}

const memory = 30_000;
const least = 2_000;

export function createRateMeter(): RateMeter {
  let seen: { step: number; at: number }[] = [];
  return {
    see: (step, at) => {
      const newest = seen.at(-1);
      if (newest && (step < newest.step || at < newest.at)) seen = [];
      if (!newest || step !== newest.step) seen.push({ step, at });
      seen = seen.filter((sample) => at - sample.at <= memory);
      const oldest = seen[0];
      if (!oldest || at - oldest.at < least || step <= oldest.step) return null;
      return ((step - oldest.step) / (at - oldest.at)) * 1000;
    },
  };
}
