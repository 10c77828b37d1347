import { scalarText } from "./argumentText.ts";
import {
  changedHyperparameters,
  changeText,
  type HyperparameterChange,
  placedChangeText,
  shortName,
} from "./hyperparameterChanges.ts";
import type { Fix, Rule } from "./rule.ts";
import type { RuleOption } from "./ruleOption.ts";

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
  frameworks: ["pytorch", "keras", "tensorflowjs"],
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
      ...offsets(first.after[0].valueRange),
      message: `${changes.length} hyperparameters differ from ${baseline.name} (${listed}${rest}), so if the run gets better or worse nothing tells which of them did it. Keep one change and put the others back.`,
      fixes: changes.map((kept) => keepOne(kept, changes)),
      related: changes.map((change) => ({
        path: facts.path,
        ...offsets(change.after[0].valueRange),
        message: placedChangeText(change, baseline.name),
      })),
    });
  },
};

function keepOne(kept: HyperparameterChange, changes: readonly HyperparameterChange[]): Fix {
  const others = changes.filter((change) => change !== kept);
  const [value] = kept.after;
  return {
    title: `Keep ${shortName(value.name)} = ${scalarText(value.value)} and put the other ${others.length} back`,
    applicability: "unsafe",
    edits: others.flatMap(({ before, after }) =>
      after.map(({ valueRange }) => ({ ...offsets(valueRange), newText: before.valueText })),
    ),
    why: "The other values become what they were before.",
  };
}

function offsets({ start, end }: { readonly start: number; readonly end: number }) {
  return { start, end };
}
