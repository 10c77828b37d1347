import type { VerdictKind } from "../../server/detectors/verdict.ts";
import type { Case } from "./cases.ts";

/** Something that a detector said of a case's log. */
export interface Said {
  readonly kind: VerdictKind;
  /** In the case's unit: steps, or data records from 0. */
  readonly onset: number;
  /** Records of its series between the onset and the alarm; NaN where there is no such count. */
  readonly delay: number;
  readonly log: string;
}

export interface Matched {
  readonly kind: VerdictKind;
  /** `wrong`: in the case's list of wrong kinds, or any alarm on a healthy run. `extra`: in no list. `misplaced`: the kind is true, elsewhere. */
  readonly outcome: "found" | "missed" | "wrong" | "extra" | "misplaced" | "debatable";
  readonly onset: number;
  readonly trueOnset: number;
  readonly error: number;
  readonly delay: number;
}

/** Sets what was said of a case against what is true of it; of equal things said twice (two logs of one run) one counts. */
export function matchCase(at: Case, said: readonly Said[]): Matched[] {
  const result: Matched[] = [];
  const used = new Set<Said>();
  for (const verdict of at.verdicts) {
    const near = said
      .filter(
        ({ kind, onset }) =>
          verdict.kinds.includes(kind) &&
          onset >= verdict.onset - verdict.before &&
          onset <= verdict.onset + verdict.after,
      )
      .sort((a, b) => Math.abs(a.onset - verdict.onset) - Math.abs(b.onset - verdict.onset));
    for (const each of near) used.add(each);
    const first = near[0];
    const kind = verdict.kinds[0] ?? "non-finite";
    result.push(
      first === undefined
        ? { kind, outcome: "missed", onset: Number.NaN, trueOnset: verdict.onset, error: Number.NaN, delay: Number.NaN }
        : {
            kind,
            outcome: "found",
            onset: first.onset,
            trueOnset: verdict.onset,
            error: first.onset - verdict.onset,
            delay: first.delay,
          },
    );
  }
  const counted = new Set<string>();
  for (const each of said) {
    if (used.has(each)) continue;
    const isTrue = at.verdicts.some(({ kinds }) => kinds.includes(each.kind));
    const recovered = each.kind === "recovered" && at.healthy;
    const outcome =
      at.debatable.has(each.kind) || recovered
        ? "debatable"
        : isTrue
          ? "misplaced"
          : at.healthy || at.wrong.has(each.kind)
            ? "wrong"
            : "extra";
    const key = `${each.kind} ${outcome} ${Math.round(each.onset)}`;
    if (counted.has(key)) continue;
    counted.add(key);
    result.push({
      kind: each.kind,
      outcome,
      onset: each.onset,
      trueOnset: Number.NaN,
      error: Number.NaN,
      delay: each.delay,
    });
  }
  return result;
}
