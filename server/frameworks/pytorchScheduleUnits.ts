import { argumentFor, candidatesOfName } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { resolve } from "../facts/resolve.ts";
import type { ScheduleUnit } from "../facts/schedulerFacts.ts";
import type { CallSite, Scope } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";

/** The argument that says how long a schedule is, by keyword and position. */
const lengths: Readonly<Record<string, readonly [string, number]>> = {
  OneCycleLR: ["total_steps", 2],
  CosineAnnealingLR: ["T_max", 1],
  LinearLR: ["total_iters", 3],
  PolynomialLR: ["total_iters", 1],
  get_linear_schedule_with_warmup: ["num_training_steps", 2],
  get_cosine_schedule_with_warmup: ["num_training_steps", 2],
  get_cosine_with_hard_restarts_schedule_with_warmup: ["num_training_steps", 2],
  get_polynomial_decay_schedule_with_warmup: ["num_training_steps", 2],
  get_scheduler: ["num_training_steps", 3],
};

const epochName = /^(num_?|n_?|max_?|total_?|train_?|num_train_)?(n?epochs?)(_num|_count)?$/i;
const batchName =
  /^(num_?|n_?)?(steps|iters|iterations|batches|updates)_?per_?epoch$|^(num|n)_?batch(es)?$|^(max|total|num|t|n)?_?(train|training|update|optimization)?_?(steps|iters|iterations|updates|total|itrs)$/i;

/** What a schedule's length counts, with the text that shows it. */
export function scheduleUnit(
  site: CallSite,
  name: string,
  epochs: number | null,
): { readonly unit: ScheduleUnit; readonly shownBy: string | null } {
  const { call, scope } = site;
  const { text } = scope.source;
  const unknown = { unit: "unknown", shownBy: null } as const;
  if (name === "OneCycleLR") {
    const perEpoch = argumentFor(call, "steps_per_epoch", 4);
    if (perEpoch === "unclear") return unknown;
    if (perEpoch !== null && perEpoch.value.kind !== "null") {
      const isOne = perEpoch.value.kind === "number" && perEpoch.value.value === 1;
      const unit = isOne ? "epoch" : unitOf(perEpoch.value, scope, 0) === "batch" ? "batch" : "unknown";
      return { unit, shownBy: text.slice(perEpoch.start, perEpoch.end) };
    }
  }
  const length = lengths[name];
  if (length !== undefined) {
    const argument = argumentFor(call, ...length);
    if (argument === null || argument === "unclear") return unknown;
    const written = text.slice(argument.value.start, argument.value.end).replace(/\s+/g, " ");
    return { unit: unitOf(argument.value, scope, 0), shownBy: `${length[0]}=${written}` };
  }
  return decaysBy(site, name, epochs) ?? unknown;
}

/**
 * A stepwise decay whose steps can only be epochs: were they batches, then even with ten batches an epoch the rate would end below
 * a ten-thousandth of its start, or the last milestone would be passed within a tenth of the run.
 */
function decaysBy(
  site: CallSite,
  name: string,
  epochs: number | null,
): { readonly unit: ScheduleUnit; readonly shownBy: string } | null {
  if (epochs === null) return null;
  const { call, scope } = site;
  const number = (keyword: string, position: number, absent: number | null): number | null => {
    const argument = argumentFor(call, keyword, position);
    if (argument === null) return absent;
    if (argument === "unclear") return null;
    const resolved = resolve(argument.value, scope);
    return resolved.known && typeof resolved.value === "number" && resolved.alternatives.length === 0
      ? resolved.value
      : null;
  };
  const over = `over ${epochs} epochs`;
  if (name === "StepLR" || name === "ExponentialLR") {
    const size = name === "StepLR" ? number("step_size", 1, null) : 1;
    const gamma = number("gamma", name === "StepLR" ? 2 : 1, name === "StepLR" ? 0.1 : null);
    if (size === null || gamma === null || gamma <= 0 || gamma >= 1 || size < 1) return null;
    if (gamma ** ((10 * epochs) / size) >= 1e-4) return null;
    return { unit: "epoch", shownBy: `${name === "StepLR" ? `step_size=${size}` : `gamma=${gamma}`} ${over}` };
  }
  if (name !== "MultiStepLR") return null;
  const milestones = argumentFor(call, "milestones", 1);
  if (milestones === null || milestones === "unclear" || milestones.value.kind !== "list") return null;
  const values = milestones.value.items.map((item) => (item.kind === "number" ? item.value : Number.NaN));
  const last = Math.max(...values);
  if (values.length === 0 || !(last < epochs)) return null;
  return { unit: "epoch", shownBy: `milestones=[${values.join(", ")}] ${over}` };
}

const maximumDepth = 6;

function unitOf(expression: Expression, scope: Scope, depth: number): ScheduleUnit {
  if (depth > maximumDepth) return "unknown";
  const next = (part: Expression) => unitOf(part, scope, depth + 1);
  switch (expression.kind) {
    case "call": {
      const name = terminalName(expression.callee) ?? "";
      if (name === "len") return "batch";
      const [first] = expression.arguments;
      return /^(int|float|max|min|ceil|floor|round)$/.test(name) && first !== undefined ? next(first.value) : "unknown";
    }
    case "binary": {
      const [left, right] = [next(expression.left), next(expression.right)];
      if (left === "batch" || right === "batch") return "batch";
      const isNumber =
        expression.right.kind === "number" || (expression.operator === "*" && expression.left.kind === "number");
      if (/^[-+]$/.test(expression.operator)) return left === "epoch" || right === "epoch" ? "epoch" : "unknown";
      return isNumber && (left === "epoch" || right === "epoch") ? "epoch" : "unknown";
    }
    case "name": {
      const found = candidatesOfName(expression.name, expression, scope);
      if (found.known && found.candidates.length > 0) {
        const units = new Set(
          found.candidates.map((each) =>
            each.position === null ? unitOf(each.expression, each.scope, depth + 1) : "unknown",
          ),
        );
        const [only] = units;
        if (units.size === 1 && only !== undefined && only !== "unknown") return only;
        if (units.size > 1) return "unknown";
      }
      return unitOfName(expression.name);
    }
    case "attribute":
      return unitOfName(expression.name);
    case "subscript":
      return expression.index.kind === "string" && expression.index.value !== null
        ? unitOfName(expression.index.value)
        : "unknown";
    default:
      return "unknown";
  }
}

function unitOfName(name: string): ScheduleUnit {
  if (epochName.test(name)) return "epoch";
  return batchName.test(name) ? "batch" : "unknown";
}
