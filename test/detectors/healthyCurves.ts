/** Simulated healthy runs: falling losses with many kinds of noise, epochs and schedules, and nothing that goes wrong. */
export interface HealthyRun {
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[] | null;
  readonly learningRates: readonly number[] | null;
  readonly description: string;
}

export type Random = () => number;

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Student's t with `freedom` degrees of freedom, Infinity for the normal distribution. */
function student(random: Random, freedom: number): number {
  if (!Number.isFinite(freedom)) {
    return normal(random);
  }
  let squares = 0;
  for (let i = 0; i < freedom; i++) {
    squares += normal(random) ** 2;
  }
  return normal(random) / Math.sqrt(squares / freedom);
}

function pick<T>(random: Random, choices: readonly T[], fallback: T): T {
  return choices[Math.floor(random() * choices.length)] ?? fallback;
}

/** A healthy run of `fewest`…`most` records (log-uniform). */
export function healthyRun(random: Random, fewest: number, most: number): HealthyRun {
  const length = Math.round(Math.exp(Math.log(fewest) + random() * Math.log(most / fewest)));
  const freedom = pick(random, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 5, 3, 2], 5);
  const memory = pick(random, [0, 0, 0.5, 0.9, 0.97], 0);
  const additive = random() < 0.5;
  const start = 0.5 + 10 * random();
  const floor = start * 10 ** (-3 * random() - 0.3);
  const speed = (2 + 10 * random()) / length;
  const power = random() < 0.5 ? 0 : 0.3 + 0.7 * random();
  const spread = 10 ** (-2.5 + 2 * random());
  const epoch = random() < 0.3 ? Math.max(4, Math.round(length / (3 + 20 * random()))) : 0;
  const tooth = epoch > 0 ? 0.02 + 0.1 * random() : 0;
  const schedule = pick(random, ["constant", "cosine", "step", "restarts", "none"], "none");
  const cycle = Math.max(8, Math.round(length / (2 + Math.floor(4 * random()))));
  const losses: number[] = [];
  const norms: number[] = [];
  const rates: number[] = [];
  let noise = 0;
  let gradientNoise = 0;
  for (let i = 0; i < length; i++) {
    const within = (i % cycle) / cycle;
    const rate =
      schedule === "restarts"
        ? 0.01 + 0.5 * (1 + Math.cos(Math.PI * within))
        : schedule === "cosine"
          ? 0.01 + 0.5 * (1 + Math.cos((Math.PI * i) / length))
          : schedule === "step"
            ? 0.1 ** Math.floor((3 * i) / length)
            : 1;
    const fall = power === 0 ? Math.exp(-speed * i) : (1 + speed * i * 3) ** -power;
    const restartBump = schedule === "restarts" && i >= cycle ? 0.15 * rate * (floor + (start - floor) * fall) : 0;
    const level = floor + (start - floor) * fall + restartBump;
    noise = memory * noise + Math.sqrt(1 - memory * memory) * student(random, freedom);
    const saw = epoch > 0 ? 1 + tooth * (0.5 - (i % epoch) / epoch) : 1;
    losses.push(additive ? level * saw + spread * floor * noise : level * saw * Math.exp(spread * noise));
    gradientNoise = 0.5 * gradientNoise + normal(random);
    norms.push((0.3 + level / start) * Math.exp(0.3 * gradientNoise));
    rates.push(1e-3 * rate);
  }
  return {
    losses,
    gradientNorms: random() < 0.8 ? norms : null,
    learningRates: schedule === "none" ? null : rates,
    description: `${length} records, t${freedom}, memory ${memory}, ${additive ? "additive" : "relative"} spread ${spread.toFixed(4)}, ${schedule}, epoch ${epoch}`,
  };
}
