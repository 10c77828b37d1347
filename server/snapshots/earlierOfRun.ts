import type { HyperparameterFact } from "../facts/trainingFacts.ts";
import type { EarlierHyperparameter } from "../rules/hyperparameterChanges.ts";
import type { LoggedHyperparameter } from "./loggedHyperparameters.ts";

/** Names that libraries and people give to one thing, without case and separators. */
const aliases: Readonly<Record<string, string>> = {
  lr: "learningrate",
  bs: "batchsize",
  batch: "batchsize",
  trainbatchsize: "batchsize",
  perdevicetrainbatchsize: "batchsize",
  wd: "weightdecay",
  numepochs: "epochs",
  nepochs: "epochs",
  maxepochs: "epochs",
  numtrainepochs: "epochs",
  dropoutrate: "dropout",
  randomseed: "seed",
  manualseed: "seed",
};

/**
 * What a run logged, under the names that the code has: by the whole name, else by its last part where both sides have one such
 * name only. A value of another kind (a text for a number) is another thing by the same name.
 */
export function earlierOfLogged(
  logged: readonly LoggedHyperparameter[],
  facts: readonly HyperparameterFact[],
): readonly EarlierHyperparameter[] {
  const byLast = grouped(logged, ({ name }) => key(name));
  const factsByLast = grouped(facts, ({ name }) => key(name));
  return facts.flatMap((fact) => {
    const whole = logged.find(({ name }) => name === fact.name || `args.${name}` === fact.name);
    const last = key(fact.name);
    const [only, ...more] = byLast.get(last) ?? [];
    const isOnly = more.length === 0 && factsByLast.get(last)?.length === 1;
    const found = whole ?? (isOnly ? only : undefined);
    if (found === undefined || typeof found.value !== typeof fact.value) return [];
    return [{ name: fact.name, value: found.value, valueText: String(found.value), place: found.source }];
  });
}

function key(name: string): string {
  const last = name.replace(/#\d+$/, "").split(/[./]/).at(-1) ?? name;
  const plain = last.toLowerCase().replace(/[_-]/g, "");
  return aliases[plain] ?? plain;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
