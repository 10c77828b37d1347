/** ` (did you mean X?)` for the known name nearest to a mistaken one; empty when none is near. */
export function nearestHint(name: string, known: readonly string[]): string {
  const words = new Set(name.toLowerCase().split(/[-_]/));
  const best = known
    .map((candidate) => ({
      candidate,
      distance: editDistance(name.toLowerCase(), candidate),
      common: candidate.split(/[-_]/).filter((word) => words.has(word)).length,
    }))
    .sort((a, b) => a.distance - b.distance || b.common - a.common);
  // A third of its letters may be wrong; else two words in common, in any order.
  const near =
    best.find(({ distance }) => distance <= Math.max(1, Math.floor(name.length / 3))) ??
    best.toSorted((a, b) => b.common - a.common).find(({ common }) => common >= 2);
  return near === undefined ? "" : ` (did you mean ${near.candidate}?)`;
}

/** How many letters to add, drop, change or swap with their neighbour (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwap ? (beforeLast[column - 2] ?? 0) + 1 : replaced;
      next.push(Math.min(replaced, swapped, (last[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    beforeLast = last;
    last = next;
  }
  return last[to.length] ?? 0;
}
