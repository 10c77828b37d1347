/** One `if` on the way to an event: the text of its test, and which side of it the event stands on. */
export interface EventBranch {
  readonly test: string;
  readonly taken: boolean;
}

/** What stands under conditions: an event, or anything else that a loop does. */
export interface Branched {
  readonly branches?: readonly EventBranch[];
}

/** A test as a branch: `not x`, `x is not None` and `x != y` are the other side of `x`, `x is None` and `x == y`. */
export function branchOf(test: string, taken: boolean): EventBranch {
  const text = test.replace(/\s+/g, " ").trim();
  const whole = /^\(([^()]*)\)$/.exec(text)?.[1];
  if (whole !== undefined) return branchOf(whole, taken);
  if (/\b(and|or)\b/.test(text)) return { test: text, taken };
  if (text.startsWith("not ")) return branchOf(text.slice(4), !taken);
  if (text.includes(" is not ")) return { test: text.replace(" is not ", " is "), taken: !taken };
  if (text.includes("!=")) return { test: text.replace("!=", "=="), taken: !taken };
  return { test: text, taken };
}

/** Whether one iteration cannot run both: they stand on different sides of one test. */
export function areExclusive(one: Branched, other: Branched): boolean {
  return (one.branches ?? []).some(({ test, taken }) =>
    (other.branches ?? []).some((each) => each.test === test && each.taken !== taken),
  );
}

/** Whether the first certainly runs in every iteration that runs the second: it stands under no condition of its own. */
export function runsWith(first: Branched, second: Branched): boolean {
  return (first.branches ?? []).every(({ test, taken }) =>
    (second.branches ?? []).some((each) => each.test === test && each.taken === taken),
  );
}
