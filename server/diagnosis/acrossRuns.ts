import { numberWords, stepWords } from "../detectors/numberWords.ts";
import type { Verdict, VerdictKind } from "../detectors/verdict.ts";
import type { Run, Series } from "../runs/run.ts";

/** A run with what was said of it. */
export interface JudgedRun {
  readonly run: Run;
  readonly verdicts: readonly Verdict[];
  /** As its maker named it, where that is not the name of its log. */
  readonly ownName?: string;
  /** Settings that it was logged with, as written. */
  readonly settings?: ReadonlyMap<string, string>;
}

/** What several runs show together. */
export interface AcrossVerdict {
  readonly kind: VerdictKind | "many-hyperparameters-changed";
  readonly runs: readonly string[];
  /** The run that it is said of, where it is one of a pair. */
  readonly onsetStep: number | null;
  readonly confidence: number;
  readonly evidence: readonly string[];
  readonly causes: readonly string[];
  readonly nextStep: string;
}

/** Onsets are the same when they differ by at most this share, or by so many steps. */
const sameShare = 0.005;
const sameSteps = 2;
/** Kinds whose place in the data may repeat. */
const repeatable: readonly VerdictKind[] = ["loss-spike", "loss-growth", "data-shift", "non-finite"];
/** Two logs of one run agree to the digits that both print, at nearly all steps. */
const equalValue = 1e-3;
const equalShare = 0.9;
/** Blocks of a run whose medians are compared, and the last ones that decide. */
const blocks = 40;
const lastBlocks = 10;
/** Twins part when one stands this far above the other at the end; the onset is where the gap passes the smaller one for good. */
const partedAtEnd = 0.3;
const partedFrom = 0.15;

/** Findings over several finished runs: what begins at one place in all of them, and twins of which one fails. Pure. */
export function acrossRuns(judged: readonly JudgedRun[]): AcrossVerdict[] {
  const distinct = judged.filter(({ run }, i) => !judged.slice(0, i).some((earlier) => isSameRun(earlier.run, run)));
  return [...repeatedOnsets(distinct), ...partedTwins(distinct), ...incomparable(distinct)];
}

function repeatedOnsets(judged: readonly JudgedRun[]): AcrossVerdict[] {
  for (const kind of repeatable) {
    const firsts = judged.flatMap(({ run, verdicts }) => {
      const first = verdicts.find((verdict) => verdict.kind === kind);
      return first === undefined ? [] : [{ run, onset: first.onsetStep }];
    });
    for (const { onset } of firsts) {
      const same = firsts.filter((each) => Math.abs(each.onset - onset) <= Math.max(sameSteps, sameShare * onset));
      // At the very start every run of a bad setting fails alike: that tells nothing of a place.
      if (same.length >= 2 && onset > (same[0]?.run.firstStep ?? 0) + sameSteps) {
        return [
          {
            kind: "repeatable-onset",
            runs: same.map(({ run }) => run.name),
            onsetStep: onset,
            confidence: same.length >= 3 ? 0.95 : 0.85,
            evidence: [
              `${kind} begins at step ${stepWords(onset)} in ${same.length} runs: ${same.map(({ run }) => run.name).join(", ")}`,
              "their losses differ, so that they are not one run written twice",
            ],
            causes: ["data: the same batch stands at that step in each of them"],
            nextStep: `Look at the samples in the batches at step ${stepWords(onset)}.`,
          },
        ];
      }
    }
  }
  return [];
}

const variants = ["amsgrad", "adamw", "adam"] as const;

/** Two runs that differ in so many settings tell nothing of any of them. */
const tooManyChanges = 5;

function changedSettings(a: JudgedRun, b: JudgedRun): string[] {
  const names = new Set([...(a.settings?.keys() ?? []), ...(b.settings?.keys() ?? [])]);
  return [...names].filter((name) => a.settings?.get(name) !== b.settings?.get(name));
}

/** Pairs of runs whose comparison proves nothing. One is told: the others are alike. */
function incomparable(judged: readonly JudgedRun[]): AcrossVerdict[] {
  for (const [i, first] of judged.entries()) {
    for (const second of judged.slice(i + 1)) {
      const changed =
        (first.settings?.size ?? 0) > 0 && (second.settings?.size ?? 0) > 0 ? changedSettings(first, second) : [];
      if (changed.length >= tooManyChanges) {
        return [
          {
            kind: "many-hyperparameters-changed",
            runs: [nameOf(first), nameOf(second)],
            onsetStep: null,
            confidence: 1,
            evidence: [`${changed.length} settings differ: ${changed.slice(0, 8).join(", ")}`],
            causes: [],
            nextStep: "Change one of them at a time: what helped cannot be told from these runs.",
          },
        ];
      }
    }
  }
  return [];
}

function nameOf({ run, ownName }: JudgedRun): string {
  return ownName === undefined || ownName === "" ? run.name : ownName;
}

/** The optimizer that a run's name holds, and the rest of the name. */
function variantOf(name: string): { readonly variant: (typeof variants)[number]; readonly rest: string } | null {
  const lower = name.toLowerCase();
  const variant = variants.find((each) => lower.includes(each));
  return variant === undefined
    ? null
    : { variant, rest: lower.replace(variant, "").replace(/adam|l2|wd|decay|[^a-z0-9]/g, "") };
}

function partedTwins(judged: readonly JudgedRun[]): AcrossVerdict[] {
  const found: AcrossVerdict[] = [];
  const named = judged.flatMap((each) => {
    const known = variantOf(nameOf(each)) ?? variantOf(each.settings?.get("optimizer") ?? "");
    return known === null ? [] : [{ each, run: each.run, ...known }];
  });
  for (const plain of named.filter(({ variant }) => variant === "adam")) {
    for (const other of named.filter(({ variant, rest }) => variant !== "adam" && rest === plain.rest)) {
      const changed = changedSettings(plain.each, other.each).filter((name) => !/optim|amsgrad|name/i.test(name));
      const parted = changed.length > 0 ? null : partingOf(plain.run, other.run);
      if (parted === null) {
        continue;
      }
      const isAmsgrad = other.variant === "amsgrad";
      found.push({
        kind: isAmsgrad ? "adam-nonconvergence" : "weight-decay-interaction",
        runs: [nameOf(plain.each), nameOf(other.each)],
        onsetStep: parted.step,
        confidence: 0.8,
        evidence: [
          `${parted.series}: ${nameOf(plain.each)} ends at ${numberWords(parted.plain)}, ${nameOf(other.each)} at ${numberWords(parted.other)}`,
          `they part for good at about step ${stepWords(parted.step)}`,
        ],
        causes: [
          isAmsgrad
            ? "adam-nonconvergence: consistent with rare large gradients that Adam's second moment forgets (Reddi et al. 2018)"
            : "l2-through-adam: consistent with weight decay that Adam divides by its second moment (Loshchilov and Hutter 2019)",
        ],
        nextStep: isAmsgrad
          ? "Keep amsgrad=True, or raise beta2, and change nothing else."
          : "Use AdamW for weight decay, and change nothing else.",
      });
    }
  }
  return found;
}

interface Parting {
  readonly series: string;
  readonly step: number;
  readonly plain: number;
  readonly other: number;
}

/** Where `plain` begins to stand above `other` for good, in the first training loss that shows it; null where it does not. */
function partingOf(plain: Run, other: Run): Parting | null {
  for (const series of plain.series.values()) {
    const twin = other.series.get(series.name);
    if (series.role !== "train-loss" || twin === undefined || series.length < blocks || twin.length < blocks) {
      continue;
    }
    const first = Math.max(series.steps[0] ?? 0, twin.steps[0] ?? 0);
    const last = Math.min(series.steps[series.length - 1] ?? 0, twin.steps[twin.length - 1] ?? 0);
    const width = (last - first) / blocks;
    const gaps: number[] = [];
    for (let k = 0; k < blocks; k++) {
      const a = medianWithin(series, first + k * width, first + (k + 1) * width);
      const b = medianWithin(twin, first + k * width, first + (k + 1) * width);
      gaps.push((a - b) / Math.abs(b));
    }
    if (!gaps.slice(-lastBlocks).every((gap) => gap > partedAtEnd)) {
      continue;
    }
    let from = blocks - 1;
    while (from > 0 && (gaps[from - 1] ?? 0) > partedFrom) {
      from--;
    }
    return {
      series: series.name,
      step: Math.round(first + from * width),
      plain: medianWithin(series, last - lastBlocks * width, last),
      other: medianWithin(twin, last - lastBlocks * width, last),
    };
  }
  return null;
}

function medianWithin(series: Series, from: number, to: number): number {
  const values: number[] = [];
  for (let i = 0; i < series.length; i++) {
    const step = series.steps[i] ?? 0;
    const value = series.values[i] ?? Number.NaN;
    if (step >= from && step <= to && Number.isFinite(value)) {
      values.push(value);
    }
  }
  values.sort((a, b) => a - b);
  return values[values.length >>> 1] ?? Number.NaN;
}

/** Two logs of one run, or two runs of the same seed and settings: their sameness proves nothing. */
function isSameRun(a: Run, b: Run): boolean {
  for (const series of a.series.values()) {
    const other = b.series.get(series.name) ?? [...b.series.values()].find(({ role }) => role === series.role);
    if (series.role !== "train-loss" || other === undefined) {
      continue;
    }
    const length = Math.min(series.length, other.length);
    let equal = 0;
    for (let i = 0; i < length; i++) {
      const x = series.values[i] ?? Number.NaN;
      const y = other.values[i] ?? Number.NaN;
      equal += Object.is(x, y) || Math.abs(x - y) <= equalValue * Math.max(Math.abs(x), Math.abs(y)) ? 1 : 0;
    }
    return length > 0 && equal >= equalShare * length;
  }
  return false;
}
