import { argumentFor } from "../facts/candidates.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { resolve } from "../facts/resolve.ts";
import type { SchedulerFact } from "../facts/schedulerFacts.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact } from "../facts/trainingFacts.ts";
import type { Call } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { boundTo } from "./boundTo.ts";
import { siteOf } from "./pytorchFlags.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** Schedules that begin at the rate they are given. Source: optax `schedules/_schedule.py`. */
const ofOptax =
  /^optax\.(?:schedules\.|_src\.\w+\.)?(cosine_decay_schedule|exponential_decay|piecewise_constant_schedule)$/;
/** The same of Keras 3.15 `src/optimizers/schedules/learning_rate_schedule.py`, where CosineDecay warms up if given a target. */
const ofKeras =
  /^keras\.optimizers\.schedules\.(CosineDecay|CosineDecayRestarts|ExponentialDecay|InverseTimeDecay|PiecewiseConstantDecay)$/;

/** The schedules that optimizers of optax or Keras are given as their rate and that have no warm-up. */
export function collectWarmlessSchedules(
  source: SourceIndex,
  optimizers: readonly { readonly fact: OptimizerFact; readonly site: CallSite }[],
  framework: "optax" | "keras",
): readonly SchedulerFact[] {
  const nameOf = (call: Call, scope: Scope): string | null =>
    framework === "optax"
      ? ((qualifiedName(call.callee, scope) ?? "").match(ofOptax)?.[1] ?? null)
      : ((tensorflowName(call.callee, scope) ?? "").match(ofKeras)?.[1] ?? null);
  return optimizers.flatMap(({ site }, index): readonly SchedulerFact[] => {
    const rate = argumentFor(site.call, "learning_rate", 0);
    if (rate === null || rate === "unclear") return [];
    const found = [...linkedCalls(rate.value, site.scope, (call, from) => nameOf(call, from) !== null)];
    const [schedule, ...others] = found;
    const made = schedule === undefined || others.length > 0 ? null : siteOf(schedule, source);
    const name = made === null ? null : nameOf(made.call, made.scope);
    if (made === null || name === null || mayStartLow(made, name)) return [];
    const { callee } = made.call;
    return [
      {
        ...scheduleOf(made.call, made.statement, callee.kind === "attribute" ? callee.nameRange : callee),
        framework,
        constructorName: name,
        boundTo: boundTo(made),
        optimizers: [index],
      },
    ];
  });
}

/** A rate that begins at 0, or a growing one. */
function mayStartLow({ call, scope }: CallSite, name: string): boolean {
  if (call.arguments.some(({ spread, name: keyword }) => spread !== null || /warmup|boundaries/.test(keyword ?? "")))
    return true;
  const isGrowing = argumentFor(call, "decay_rate", 2);
  if (!/^(exponential_decay|ExponentialDecay)$/.test(name)) return /piecewise/i.test(name);
  if (isGrowing === null || isGrowing === "unclear") return true;
  const factor = resolve(isGrowing.value, scope);
  return !factor.known || typeof factor.value !== "number" || factor.value >= 1;
}

/** What all schedules share that step by themselves and start at their full rate. */
export function scheduleOf(
  call: TextRange,
  statement: TextRange,
  name: TextRange,
): Omit<SchedulerFact, "framework" | "constructorName" | "boundTo" | "optimizers"> {
  return {
    start: call.start,
    end: call.end,
    nameRange: { start: name.start, end: name.end },
    statement: { start: statement.start, end: statement.end },
    unit: "batch",
    unitShownBy: null,
    needsMetric: false,
    warmsUp: false,
    replacesRate: false,
    steps: [],
    usesKnown: false,
  };
}
