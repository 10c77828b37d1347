import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { areExclusive, runsWith } from "../facts/eventBranches.ts";
import { isStep } from "../facts/eventKinds.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { SchedulerFact, SchedulerStepFact } from "../facts/schedulerFacts.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { Call, Loop } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { boundTo } from "./boundTo.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import { scheduleUnit } from "./pytorchScheduleUnits.ts";
import { isEpochHeader, rangeLength, type TrainingLevels, trainingLevels } from "./pytorchTrainingLevels.ts";
import { fullyReadNames } from "./schedulerUses.ts";
import type { EventDraft, LoopDraft } from "./trainingEvents.ts";

const torchScheduler =
  /^torch\.optim\.lr_scheduler\.(LambdaLR|MultiplicativeLR|StepLR|MultiStepLR|ConstantLR|LinearLR|ExponentialLR|PolynomialLR|CosineAnnealingLR|CyclicLR|OneCycleLR|CosineAnnealingWarmRestarts|ReduceLROnPlateau|SequentialLR|ChainedScheduler)$/;
const schedulerName = /LR$|Plateau$|Restarts$|ChainedScheduler$|^get_/;
const huggingFaceScheduler = /^(transformers|diffusers)\.([\w.]+\.)?(get_\w*schedule\w*|get_scheduler)$/;

/** The learning-rate schedulers of a file, with every step that they take. */
export function collectTorchSchedulers(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
  drafts: readonly LoopDraft[],
  libraryVersions: ReadonlyMap<string, string>,
): readonly SchedulerFact[] {
  const named = [...source.callsByTerminalName].flatMap(([name, calls]) => (schedulerName.test(name) ? calls : []));
  const sites = named.filter(isScheduler).toSorted((a, b) => a.call.start - b.call.start);
  if (sites.length === 0) return [];
  const levels = trainingLevels(source, drafts);
  const indexOf = new Map<Call, number>(optimizers.map(({ site }, index) => [site.call, index]));
  const names = new Map<CallSite, string>(sites.map((site) => [site, (boundTo(site) ?? "").split(".").at(-1) ?? ""]));
  const counts = new Map<string, number>();
  for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const fullyRead = fullyReadNames(source, new Set([...names.values()].filter((name) => name !== "")));
  const steps = stepsByScheduler(source, sites);
  const isOld = /^(0\.|1\.0)/.test(libraryVersions.get("torch") ?? "");
  return sites.map((site) => {
    const { call } = site;
    const name = terminalName(call.callee) ?? "";
    const optimizer = argumentFor(call, "optimizer", name === "get_scheduler" ? 1 : 0);
    const linked =
      optimizer === null || optimizer === "unclear"
        ? []
        : [...linkedCalls(optimizer.value, site.scope, (each) => indexOf.has(each))].flatMap(
            (each) => indexOf.get(each) ?? [],
          );
    const { unit, shownBy } = scheduleUnit(site, name, epochsOf(linked, drafts, levels));
    const own = steps.get(call) ?? { steps: [], isShared: false };
    const lastName = names.get(site) ?? "";
    const nameRange = call.callee.kind === "attribute" ? call.callee.nameRange : call.callee;
    return {
      start: call.start,
      end: call.end,
      framework: "pytorch",
      constructorName: name,
      nameRange: { start: nameRange.start, end: nameRange.end },
      statement: { start: site.statement.start, end: site.statement.end },
      boundTo: boundTo(site),
      optimizers: linked.toSorted((a, b) => a - b),
      unit,
      unitShownBy: shownBy,
      needsMetric: name === "ReduceLROnPlateau" && !own.isShared,
      warmsUp: warmsUp(site, name),
      replacesRate: /^(LambdaLR|OneCycleLR|CyclicLR)$/.test(name),
      steps: own.steps.map((step) => stepFact(step, linked, drafts, levels, isOld)),
      usesKnown:
        lastName !== "" &&
        counts.get(lastName) === 1 &&
        fullyRead.has(lastName) &&
        !isStepped(lastName, source, own.steps),
    };
  });
}

function isScheduler({ call, scope }: CallSite): boolean {
  const qualified = qualifiedName(call.callee, scope);
  return qualified !== null && (torchScheduler.test(qualified) || huggingFaceScheduler.test(qualified));
}

interface OwnSteps {
  readonly steps: CallSite[];
  /** One of the steps may be that of another scheduler. */
  isShared: boolean;
}

function stepsByScheduler(source: SourceIndex, sites: readonly CallSite[]): ReadonlyMap<Call, OwnSteps> {
  const calls = new Set(sites.map(({ call }) => call));
  const found = new Map<Call, OwnSteps>();
  for (const site of source.callsByTerminalName.get("step") ?? []) {
    const { callee } = site.call;
    if (callee.kind !== "attribute") continue;
    const linked = linkedCalls(callee.object, site.scope, (each) => calls.has(each));
    for (const call of linked) {
      const own = found.get(call) ?? { steps: [], isShared: false };
      own.steps.push(site);
      own.isShared ||= linked.size > 1;
      found.set(call, own);
    }
  }
  return found;
}

/** A step on something of the same name that is not certainly this scheduler. */
function isStepped(name: string, source: SourceIndex, steps: readonly CallSite[]): boolean {
  return (source.callsByTerminalName.get("step") ?? []).some(
    (site) =>
      site.call.callee.kind === "attribute" && terminalName(site.call.callee.object) === name && !steps.includes(site),
  );
}

/** How many epochs the loops of these optimizers run; null where it is not known. */
function epochsOf(linked: readonly number[], drafts: readonly LoopDraft[], levels: TrainingLevels): number | null {
  for (const draft of drafts) {
    const stepped = draft.events.flatMap((event) => event.optimizers);
    if (linked.length > 0 && stepped.length > 0 && !stepped.some((index) => linked.includes(index))) continue;
    const around = levels.epochLoopOf(draft);
    if (around === null || !countsEpochs(around.loop, draft)) continue;
    const length = rangeLength(around.loop, around.scope);
    if (length !== null) return length;
  }
  return null;
}

/** `for epoch in …` by its names. */
function countsEpochs(loop: Loop, { scope }: LoopDraft): boolean {
  return isEpochHeader(scope.source.text.slice(loop.header.start, loop.header.end));
}

function stepFact(
  site: CallSite,
  optimizers: readonly number[],
  drafts: readonly LoopDraft[],
  levels: TrainingLevels,
  isOld: boolean,
): SchedulerStepFact {
  const { call, statement } = site;
  const base = {
    start: call.start,
    end: call.end,
    statement: { start: statement.start, end: statement.end },
    hasArgument: call.arguments.length > 0,
  };
  const draft = drafts.find((each) => each.loop !== null && eventOf(each, call) !== undefined);
  const event = draft === undefined ? undefined : eventOf(draft, call);
  const found =
    draft !== undefined && event !== undefined
      ? inBatchLoop(draft, event, optimizers, levels)
      : inEpochLoop(site, drafts, levels);
  return isOld || base.hasArgument ? { ...base, ...found, beforeOptimizer: false } : { ...base, ...found };
}

type Placed = Pick<SchedulerStepFact, "level" | "beforeOptimizer" | "optimizerStep" | "otherLevel">;

const nowhere: Placed = { level: "unknown", beforeOptimizer: false, optimizerStep: null, otherLevel: null };

function eventOf(draft: LoopDraft, call: Call): EventDraft | undefined {
  return draft.events.find(
    ({ kind, start, end }) => kind === "scheduler-step" && start === call.start && end === call.end,
  );
}

function inBatchLoop(
  draft: LoopDraft,
  event: EventDraft,
  optimizers: readonly number[],
  levels: TrainingLevels,
): Placed {
  const { events, loop } = draft;
  if (loop === null || event.depth > 0 || events.some(({ classified }) => classified.wrapper !== undefined))
    return nowhere;
  if (events.some(({ kind }) => kind === "unknown-call-with-model")) return nowhere;
  const around = levels.epochLoopOf(draft);
  const { text } = draft.scope.source;
  const isPerBatch =
    around !== null &&
    countsEpochs(around.loop, draft) &&
    !isEpochHeader(text.slice(loop.header.start, loop.header.end)) &&
    event.branches.length === 0;
  const steps = events.filter(
    (each) =>
      isStep(each) &&
      !areExclusive(each, event) &&
      (optimizers.length === 0 ||
        each.optimizers.length === 0 ||
        each.optimizers.some((index) => optimizers.includes(index))),
  );
  const index = events.indexOf(event);
  const before = steps.some((each) => events.indexOf(each) < index);
  const next = steps.find((each) => events.indexOf(each) > index);
  const same =
    next !== undefined &&
    runsWith(event, next) &&
    runsWith(next, event) &&
    next.scope === event.scope &&
    next.depth === 0;
  return {
    level: isPerBatch ? "batch" : "unknown",
    beforeOptimizer: !before && next !== undefined && runsWith(event, next),
    optimizerStep: same ? closing(events, next) : null,
    otherLevel: event.scope === draft.scope ? { start: loop.start, end: loop.end } : null,
  };
}

/** The statement that ends an optimizer's step: that of the scaler's update where one follows in the same block. */
function closing(events: readonly EventDraft[], step: EventDraft): TextRange {
  const update = events
    .slice(events.indexOf(step))
    .find(
      (each) =>
        each.kind === "scaler-update" && runsWith(each, step) && runsWith(step, each) && each.scope === step.scope,
    );
  return (update ?? step).statement;
}

function inEpochLoop(site: CallSite, drafts: readonly LoopDraft[], levels: TrainingLevels): Placed {
  const { loop, scope, statement } = site;
  if (loop === null || drafts.some((draft) => draft.loop === loop)) return nowhere;
  const training = levels.trainingStatementIn(loop.body, scope);
  if (training === null) return nowhere;
  const { text } = scope.source;
  const own = loop.body.find((each) => each === statement);
  const inner = drafts.find(
    (draft) =>
      draft.loop !== null && draft.scope === scope && loop.start < draft.loop.start && draft.loop.end <= loop.end,
  );
  const step = inner?.events.findLast(isStep);
  const isPlain =
    inner !== undefined && step !== undefined && step.branches.length === 0 && step.depth === 0 && step.scope === scope;
  const isWrapped = drafts.some(({ events }) => events.some(({ classified }) => classified.wrapper !== undefined));
  return {
    level: isEpochHeader(text.slice(loop.header.start, loop.header.end)) ? "epoch" : "unknown",
    beforeOptimizer: !isWrapped && own !== undefined && own.start < training.start,
    optimizerStep: own === undefined ? null : { start: training.start, end: training.end },
    otherLevel: isPlain ? closing(inner.events, step) : null,
  };
}

/** Whether a schedule raises the rate first: by what it is, and by its warm-up steps where it has them. */
function warmsUp({ call, scope }: CallSite, name: string): boolean | null {
  if (
    /^(StepLR|MultiStepLR|ExponentialLR|PolynomialLR|CosineAnnealingLR|CosineAnnealingWarmRestarts|ReduceLROnPlateau)$/.test(
      name,
    )
  ) {
    return false;
  }
  if (name === "OneCycleLR" || name === "CyclicLR") return true;
  if (!name.startsWith("get_")) return null;
  const steps = argumentFor(call, "num_warmup_steps", name === "get_scheduler" ? 2 : 1);
  if (steps === null) return name.includes("warmup") || name === "get_scheduler" ? null : false;
  if (steps === "unclear") return null;
  const resolved = resolve(steps.value, scope);
  if (!resolved.known || resolved.overridable || resolved.alternatives.length > 0) return null;
  return resolved.value !== 0;
}
