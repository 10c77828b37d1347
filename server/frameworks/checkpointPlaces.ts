import { callSitesOf } from "../facts/calledFunctions.ts";
import { type CallSite, functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Loop, Statement } from "../syntax/tree.ts";
import { walkStatements } from "../syntax/walk.ts";
import { isEpochHeader, type TrainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** How a call stands to the training of its file. */
export interface CheckpointPlace {
  /** It runs again and again while the model trains. */
  readonly repeated: boolean;
  /** The tests that it stands under, here and where its function is called. */
  readonly guards: readonly string[];
}

const maximumDepth = 4;

/** Whether a call is repeated by the loops that train, in its own function or where that is called. */
export function checkpointPlace(
  site: CallSite,
  source: SourceIndex,
  drafts: readonly LoopDraft[],
  levels: TrainingLevels,
): CheckpointPlace {
  const training = new Set(drafts.flatMap(({ loop }) => (loop === null ? [] : [loop])));
  const epochs = new Set(drafts.flatMap((draft) => levels.epochLoopOf(draft)?.loop ?? []));

  // A loop over seeds or folds around whole trainings saves what each of them ends with.
  function trains(loop: Loop, scope: Scope): boolean {
    if (training.has(loop) || epochs.has(loop)) return true;
    const header = source.text.slice(loop.header.start, loop.header.end);
    return isEpochHeader(header) && levels.trainingStatementIn(loop.body, scope) !== null;
  }

  function placeAt(at: CallSite, depth: number): CheckpointPlace {
    const guards = guardTexts(at);
    const isRepeated = loopsAround(at.call.start, at.scope, source).some((loop) => trains(loop, at.scope));
    if (isRepeated || depth > maximumDepth) return { repeated: isRepeated, guards };
    const callable = functionAround(at.scope);
    if (callable === null) return { repeated: false, guards };
    const outer = callSitesOf(callable).map((each) => placeAt(each, depth + 1));
    const repeating = outer.filter(({ repeated }) => repeated);
    const free = repeating.find((each) => each.guards.length === 0) ?? repeating[0];
    return free === undefined ? { repeated: false, guards } : { repeated: true, guards: [...guards, ...free.guards] };
  }

  return placeAt(site, 0);
}

/** The tests around a call that hold where it runs; one that must not hold says little. */
export function guardTexts({ guard, scope }: CallSite): readonly string[] {
  const texts: string[] = [];
  for (let each = guard; each !== null; each = each.outer) {
    if (!each.negated) texts.push(scope.source.text.slice(each.test.start, each.test.end));
  }
  return texts;
}

/** Loops around a place in its own function, outer before inner. */
function loopsAround(start: number, scope: Scope, source: SourceIndex): readonly Loop[] {
  const body: readonly Statement[] = scope.node === null ? source.module.body : scope.node.body;
  const found: Loop[] = [];
  walkStatements(body, (statement) => {
    if (statement.kind === "function" || statement.kind === "class") return "skip";
    if (start < statement.start || statement.end <= start) return "skip";
    if (statement.kind === "loop") found.push(statement);
    return undefined;
  });
  return found;
}
