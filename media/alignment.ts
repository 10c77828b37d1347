/** Points of several series → one table with a common, rising x column, as uPlot takes it. */
import type { SeriesPoints } from "../server/protocol.ts";

/** A stretch of a series in which steps do not go back; a restart begins a new one. */
export interface Branch {
  readonly steps: readonly number[];
  /** Null where the value is not finite: the line breaks there. */
  readonly values: readonly (number | null)[];
}

export interface Table {
  readonly x: number[];
  /** A column a branch; undefined where the branch has no point at that x: the line passes through. */
  readonly columns: (number | null | undefined)[][];
}

/** Splits a series where its steps go back, so that both branches of a restart are drawn. */
export function branchesOf(points: SeriesPoints): Branch[] {
  const branches: Branch[] = [];
  let start = 0;
  for (let index = 1; index <= points.steps.length; index += 1) {
    const goesBack = (points.steps[index] ?? 0) < (points.steps[index - 1] ?? 0);
    if (index < points.steps.length && !goesBack) continue;
    branches.push({ steps: points.steps.slice(start, index), values: points.values.slice(start, index) });
    start = index;
  }
  return branches;
}

/** Rows in order of x. Points of one branch that share a step keep their own rows, so that no extreme is lost. */
export function alignBranches(branches: readonly Branch[]): Table {
  const x: number[] = [];
  const columns: (number | null | undefined)[][] = branches.map(() => []);
  const next = branches.map(() => 0);
  for (;;) {
    let step = Number.POSITIVE_INFINITY;
    branches.forEach((branch, place) => {
      step = Math.min(step, branch.steps[next[place] ?? 0] ?? Number.POSITIVE_INFINITY);
    });
    if (step === Number.POSITIVE_INFINITY) return { x, columns };
    x.push(step);
    branches.forEach((branch, place) => {
      const at = next[place] ?? 0;
      const present = branch.steps[at] === step;
      columns[place]?.push(present ? branch.values[at] : undefined);
      if (present) next[place] = at + 1;
    });
  }
}
