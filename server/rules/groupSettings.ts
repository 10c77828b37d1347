import type {
  OptimizerArgument,
  OptimizerArgumentName,
  OptimizerFact,
  ParameterGroup,
} from "../facts/trainingFacts.ts";

/** One value that an optimizer works with, and the group of parameters that it holds for; null for all that have none of their own. */
export interface Setting {
  readonly argument: OptimizerArgument;
  readonly group: ParameterGroup | null;
}

/** Every value of an argument that some parameters get: the optimizer's own where not all groups bring theirs, then the groups'. */
export function settingsOf(optimizer: OptimizerFact, name: OptimizerArgumentName): readonly Setting[] {
  const own = optimizer.arguments[name];
  const groups = optimizer.groups ?? [];
  const inGroups = groups.flatMap((group): readonly Setting[] => {
    const argument = group.arguments[name];
    return argument === undefined ? [] : [{ argument, group }];
  });
  const reachesSome =
    optimizer.groups === undefined || optimizer.hasOtherGroups === true || inGroups.length < groups.length;
  return own === undefined || !reachesSome ? inGroups : [{ argument: own, group: null }, ...inGroups];
}
