import type { HyperparameterFact } from "../facts/trainingFacts.ts";
import { scalarText } from "./argumentText.ts";
import type { Fix, Rule } from "./rule.ts";
import type { RuleOption } from "./ruleOption.ts";

/** A hyperparameter whose value differs from the baseline's. */
export interface HyperparameterChange {
  readonly before: HyperparameterFact;
  readonly after: HyperparameterFact;
}

const listedInMessage = 6;

const threshold: RuleOption = {
  name: "threshold",
  type: "integer",
  default: 5,
  minimum: 2,
  description: "How many hyperparameters must differ from the earlier state before the rule speaks.",
};

export const manyHyperparametersChanged: Rule = {
  name: "many-hyperparameters-changed",
  severity: "warning",
  title: "Many hyperparameters changed at once",
  frameworks: ["pytorch", "tensorflowjs"],
  sources: [
    "Godbole et al. 2023, Deep Learning Tuning Playbook, https://github.com/google-research/tuning_playbook: choose goals for each round of experiments, change little at a time",
  ],
  options: [threshold],
  check(context, report) {
    const { baseline, facts } = context;
    if (baseline === null) return;
    const changes = changedHyperparameters(baseline.hyperparameters, facts.hyperparameters);
    const [first] = changes;
    if (first === undefined || changes.length < context.optionValue(threshold)) return;
    const listed = changes.slice(0, listedInMessage).map(changeText).join(", ");
    const rest = changes.length > listedInMessage ? ` and ${changes.length - listedInMessage} more` : "";
    report({
      start: first.after.valueRange.start,
      end: first.after.valueRange.end,
      message: `${changes.length} hyperparameters differ from ${baseline.name} (${listed}${rest}), so if the run gets better or worse nothing tells which of them did it. Keep one change and put the others back.`,
      fixes: changes.map((kept) => keepOne(kept, changes)),
      related: changes.map((change) => ({
        path: facts.path,
        start: change.after.valueRange.start,
        end: change.after.valueRange.end,
        message: changeText(change),
      })),
    });
  },
};

/**
 * Pairs by name, in the order of the file. A name that occurs a different number of times on the two sides was added,
 * removed or renamed, which is no changed value; one literal that goes by two names counts once.
 */
export function changedHyperparameters(
  before: readonly HyperparameterFact[],
  after: readonly HyperparameterFact[],
): readonly HyperparameterChange[] {
  const earlier = byName(before);
  const changes = new Map<number, HyperparameterChange>();
  for (const [name, now] of byName(after)) {
    const then = earlier.get(name) ?? [];
    if (then.length !== now.length) continue;
    for (const [index, fact] of now.entries()) {
      const old = then[index];
      if (old === undefined || Object.is(old.value, fact.value) || changes.has(fact.valueRange.start)) continue;
      changes.set(fact.valueRange.start, { before: old, after: fact });
    }
  }
  return [...changes.values()].sort((a, b) => a.after.valueRange.start - b.after.valueRange.start);
}

/** `lr 0.001 → 3e-4` */
export function changeText({ before, after }: HyperparameterChange): string {
  return `${shortName(after.name)} ${scalarText(before.value)} → ${scalarText(after.value)}`;
}

function keepOne(kept: HyperparameterChange, changes: readonly HyperparameterChange[]): Fix {
  const others = changes.filter((change) => change !== kept);
  return {
    title: `Keep ${shortName(kept.after.name)} = ${scalarText(kept.after.value)} and put the other ${others.length} back`,
    applicability: "unsafe",
    edits: others.map(({ before, after }) => ({ ...offsets(after.valueRange), newText: before.valueText })),
    why: "The other values become what they were before.",
  };
}

function offsets({ start, end }: { readonly start: number; readonly end: number }) {
  return { start, end };
}

/** The last part of a dotted name. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function byName(facts: readonly HyperparameterFact[]): ReadonlyMap<string, readonly HyperparameterFact[]> {
  const groups = new Map<string, HyperparameterFact[]>();
  for (const fact of facts) {
    const group = groups.get(fact.name);
    if (group === undefined) groups.set(fact.name, [fact]);
    else group.push(fact);
  }
  return groups;
}
