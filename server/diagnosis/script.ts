import {
  type LossTermFact,
  type OptimizerFact,
  optimizersHere,
  type TrainingEvent,
  type TrainingFacts,
} from "../facts/trainingFacts.ts";
import type { TextRange } from "../text/range.ts";

/** The script behind a run, as far as it is known. */
export interface RunScript {
  readonly text: string;
  readonly facts: TrainingFacts;
}

/** The optimizer that a training loop steps; where several do, the first adaptive one. Null when the script has none. */
export function steppedOptimizer(facts: TrainingFacts): OptimizerFact | null {
  const here = optimizersHere(facts);
  const stepped = facts.loops
    .flatMap((loop) => loop.optimizers.flatMap((index) => facts.optimizers[index] ?? []))
    .filter((optimizer) => here.includes(optimizer));
  const candidates = stepped.length > 0 ? stepped : here;
  return candidates.find(({ adaptive }) => adaptive) ?? candidates[0] ?? null;
}

/** The first event of a kind in any training loop. */
export function firstEvent(facts: TrainingFacts, kinds: readonly TrainingEvent["kind"][]): TrainingEvent | null {
  for (const kind of kinds) {
    const found = facts.loops.flatMap(({ events }) => events.filter((event) => event.kind === kind))[0];
    if (found !== undefined) {
      return found;
    }
  }
  return null;
}

/** The header of the loop that takes the batches of a training loop; null where none is seen. */
export function batchLoopOf(facts: TrainingFacts): TextRange | null {
  const found = facts.loops.flatMap(
    ({ start }) => facts.batchLoops.find(({ loopStart }) => loopStart === start) ?? [],
  )[0];
  return found === undefined || found.over !== "batches" ? null : { start: found.start, end: found.end };
}

/** The operation of the loss most likely to give NaN: logarithms, roots and divisions before the rest. */
export function riskiestTerm(facts: TrainingFacts): LossTermFact | null {
  const order: readonly LossTermFact["operation"][] = [
    "log",
    "sqrt",
    "division",
    "bce-under-autocast",
    "power",
    "norm",
    "acos",
    "exp",
  ];
  return [...facts.lossTerms].sort((a, b) => order.indexOf(a.operation) - order.indexOf(b.operation))[0] ?? null;
}

/** Half precision takes part, as far as the code says. */
export function usesFloat16(facts: TrainingFacts): boolean {
  return facts.precision.some(({ type, enabled }) => type === "float16" && (!enabled.known || enabled.value));
}

/** Loss scaling by a GradScaler takes part. */
export function usesGradScaler(facts: TrainingFacts): boolean {
  return facts.loops.some(({ gradScaler }) => gradScaler !== null);
}

/** The learning rate that the optimizer is built with, null when it is not known. */
export function learningRateOf(optimizer: OptimizerFact | null): number | null {
  const resolved = optimizer?.arguments.learningRate?.resolved;
  return resolved?.known === true && typeof resolved.value === "number" ? resolved.value : null;
}
