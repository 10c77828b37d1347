/** What is known of a model's mode: a set of possibilities. */
export const mode = {
  /** Nothing has set it. */
  unset: 1,
  training: 2,
  evaluation: 4,
  /** In evaluation mode, and validated since. */
  validated: 8,
  unknown: 16,
  /** Trained without a call of `train()`. */
  trained: 32,
} as const;

/** Modes by a model's identity; that of a part is its whole's where it has none of its own. */
export type Modes = ReadonlyMap<string, number>;

export function modeOf(modes: Modes, model: string): number {
  for (let name = model; ; name = name.slice(0, name.lastIndexOf("."))) {
    const found = modes.get(name);
    if (found !== undefined) return found;
    if (!name.includes(".")) return mode.unset;
  }
}

/** Sets the mode of a model and of its parts. */
export function withMode(modes: Modes, model: string, value: number): Modes {
  const changed = new Map(modes);
  for (const name of modes.keys()) if (name.startsWith(`${model}.`)) changed.set(name, value);
  return changed.set(model, value);
}

/** Sets the mode of every model. */
export function allWithMode(modes: Modes, value: number): Modes {
  return new Map([...modes].map(([name]) => [name, value]));
}

/** Either the one or the other. */
export function joined(one: Modes | null, other: Modes | null): Modes | null {
  if (one === null || other === null) return one ?? other;
  if (one === other) return one;
  const all = new Map<string, number>();
  for (const name of new Set([...one.keys(), ...other.keys()])) all.set(name, modeOf(one, name) | modeOf(other, name));
  return all;
}
