import type { IneffectiveClipFact } from "../facts/ineffectiveClipFacts.ts";
import type { KerasOptimizerSite } from "./kerasOptimizers.ts";

const clipArguments = /^(clipnorm|global_clipnorm|clipvalue)$/;

/** Optimizers that are given more than one clip argument. Spellings of older releases, which took two, are left out. */
export function collectKerasIneffectiveClips(
  optimizers: readonly KerasOptimizerSite[],
): readonly IneffectiveClipFact[] {
  return optimizers.flatMap(({ site: { call, scope } }) => {
    const [first, second] = call.arguments.filter(
      ({ name, value }) => name !== null && clipArguments.test(name) && /^(number|name|attribute)$/.test(value.kind),
    );
    const isOld =
      call.arguments.some(({ name }) => name === "lr" || name === "decay") ||
      /optimizers\.legacy/.test(scope.source.text);
    if (first?.name == null || second?.name == null || isOld) return [];
    const { start, end, name } = second;
    const because = { start: first.start, end: first.end, text: first.name };
    return [
      { start, end, framework: "keras", cause: "several-clip-arguments", name, threshold: null, because } as const,
    ];
  });
}
