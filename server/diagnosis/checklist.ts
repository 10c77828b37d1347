import { numberWords, stepWords, timesWords } from "../detectors/numberWords.ts";
import type { Verdict, VerdictKind } from "../detectors/verdict.ts";
import type { Run, Series, SeriesRole } from "../runs/run.ts";
import { evidenceAt } from "./runEvidence.ts";
import type { RunScript } from "./script.ts";

/** A question that is asked of every run, and what its log answers. */
export interface ChecklistAnswer {
  readonly question: string;
  readonly answer: "yes" | "no" | "cannot tell";
  readonly why: string;
}

/** Validation loss counts as risen from a twentieth above its lowest on, as for overfitting. */
const risen = 0.05;

/**
 * The seven questions, answered for any run. "Then" is where its first verdict begins. `repeats` is what the runs that were
 * read together show of a common onset: null where there was only one.
 */
export function checklistOf(
  run: Run,
  verdicts: readonly Verdict[],
  script: RunScript | null,
  repeats: boolean | null,
): ChecklistAnswer[] {
  const first = [...verdicts].filter(({ kind }) => kind !== "recovered").sort((a, b) => a.onsetStep - b.onsetStep)[0];
  const said = (...kinds: VerdictKind[]): Verdict | undefined => verdicts.find(({ kind }) => kinds.includes(kind));
  return [
    ["Is validation loss rising too?", ...validation(run)],
    ["Did the learning rate change around then?", ...rate(run, first)],
    ["Any NaN or Inf?", ...nonFinite(run)],
    ["Did the data change late?", ...data(run, said("data-shift", "repeatable-onset"), said("lr-change-coincident"))],
    [
      "Do gradient norms explode, intermittently or growing smoothly?",
      ...gradients(run, said("grad-explosion-intermittent"), said("grad-explosion-smooth")),
    ],
    ["Does it start at the same batch in each run?", ...batches(first, repeats, said("repeatable-onset"))],
    ["Was optimizer state restored?", ...restored(run, said("resume-without-optimizer-state"), script)],
  ].map(([question, answer, why]) => ({ question, answer, why }) as ChecklistAnswer);
}

type Answer = readonly [answer: ChecklistAnswer["answer"], why: string];

function seriesOf(run: Run, role: SeriesRole): Series | null {
  return [...run.series.values()].find((series) => series.role === role && series.length > 0) ?? null;
}

function validation(run: Run): Answer {
  const series = seriesOf(run, "val-loss");
  if (series === null) {
    return ["cannot tell", "no validation loss is logged: evaluate on held-out data once an epoch"];
  }
  let lowest = 0;
  for (let i = 0; i < series.length; i++) {
    lowest = (series.values[i] ?? Number.NaN) < (series.values[lowest] ?? Number.NaN) ? i : lowest;
  }
  const at = series.values[lowest] ?? Number.NaN;
  const last = series.values[series.length - 1] ?? Number.NaN;
  const rises = last - at > risen * Math.abs(at) && lowest < series.length - 1;
  const where = `${series.name} was lowest at step ${stepWords(series.steps[lowest] ?? 0)} (${numberWords(at)}) and is ${numberWords(last)} now`;
  return [rises ? "yes" : "no", where];
}

function rate(run: Run, first: Verdict | undefined): Answer {
  const series = seriesOf(run, "learning-rate");
  if (series === null) {
    return ["cannot tell", "no learning rate is logged: log it beside the loss"];
  }
  if (first === undefined) {
    return ["no", "nothing was found that it could coincide with"];
  }
  const { rates, rateStepped, rateRising } = evidenceAt(first, run);
  if (rates === null) {
    return ["cannot tell", "the learning rate is not logged about there"];
  }
  const change = `${series.name} ${numberWords(rates[0])} → ${numberWords(rates[1])} about step ${stepWords(first.onsetStep)}`;
  return rateStepped ? ["yes", change] : rateRising ? ["yes", `${change}: it was rising`] : ["no", change];
}

function nonFinite(run: Run): Answer {
  let watched = false;
  for (const series of run.series.values()) {
    if (!/loss|norm/.test(series.role)) {
      continue;
    }
    watched = true;
    const at = series.values.subarray(0, series.length).findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      return [
        "yes",
        `${series.name} is ${numberWords(series.values[at] ?? 0)} at step ${stepWords(series.steps[at] ?? 0)} first`,
      ];
    }
  }
  return watched ? ["no", "all logged losses and norms are finite"] : ["cannot tell", "no loss or norm is logged"];
}

function data(run: Run, shift: Verdict | undefined, byRate: Verdict | undefined): Answer {
  const stage = run.events.find(({ kind }) => kind === "stage");
  if (shift !== undefined) {
    return ["yes", `consistent with it: ${shift.evidence[0] ?? shift.kind}`];
  }
  if (stage !== undefined) {
    return ["yes", `the log tells of a stage at step ${stepWords(stage.step)}`];
  }
  if (seriesOf(run, "train-loss") === null) {
    return ["cannot tell", "no training loss is logged"];
  }
  const other = byRate === undefined ? "" : "; what changed is explained by the learning rate";
  return ["no", `the loss does not step to a new level, as far as it shows the data${other}`];
}

function gradients(run: Run, bursts: Verdict | undefined, growth: Verdict | undefined): Answer {
  const series = seriesOf(run, "grad-norm");
  if (series === null) {
    return ["cannot tell", "no gradient norm is logged: log what clip_grad_norm_ returns"];
  }
  const found = growth ?? bursts;
  if (found !== undefined) {
    return ["yes", `${growth === undefined ? "intermittently" : "growing smoothly"}: ${found.evidence[0] ?? ""}`];
  }
  const finite = [...series.values.subarray(0, series.length)]
    .filter((value) => Number.isFinite(value))
    .sort((a, b) => a - b);
  const usual = finite[finite.length >>> 1] ?? Number.NaN;
  const highest = finite[finite.length - 1] ?? Number.NaN;
  return [
    "no",
    `the median of ${series.name} is ${numberWords(usual)}, its highest ${timesWords(highest / usual)} that`,
  ];
}

function batches(first: Verdict | undefined, repeats: boolean | null, here: Verdict | undefined): Answer {
  if (here !== undefined) {
    return ["yes", here.evidence[0] ?? "it comes back at equal distances"];
  }
  if (first === undefined) {
    return ["no", "nothing was found that could repeat"];
  }
  if (repeats === null) {
    return ["cannot tell", "one run was read: name the logs of several, and log the batch's number"];
  }
  return repeats
    ? ["yes", "several runs begin to fail at that step"]
    : ["no", "the other runs do not fail at that step"];
}

function restored(run: Run, lost: Verdict | undefined, script: RunScript | null): Answer {
  const resumed = run.events.find(({ kind }) => kind === "resume" || kind === "restart");
  if (lost !== undefined) {
    return ["no", `consistent with a lost state: ${lost.evidence[0] ?? ""}`];
  }
  if (script?.facts.unsavedState.some(({ missing }) => missing === "optimizer") === true) {
    return ["no", "the script saves or loads a checkpoint without the optimizer's state"];
  }
  if (resumed === undefined) {
    return ["cannot tell", "the run was not resumed, as far as the log says"];
  }
  const loads = (script?.facts.optimizerRestores.length ?? 0) > 0;
  return [
    loads ? "yes" : "cannot tell",
    `the run goes on at step ${stepWords(resumed.step)} without a jump${loads ? ", and the script loads the optimizer's state" : ""}`,
  ];
}
