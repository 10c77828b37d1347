import { dottedText } from "../facts/dottedText.ts";
import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import { isStep } from "../facts/eventKinds.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { FrameworkName } from "../facts/trainingFacts.ts";
import type { Expression, Loop, Statement } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { isEpochHeader, rangeBounds, rangeLength, trainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** The loops over epochs of a file, and single loops over all steps. */
export function collectEpochLoops(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
  framework: FrameworkName,
): readonly EpochLoopFact[] {
  const levels = trainingLevels(source, drafts);
  const found = new Map<Loop, EpochLoopFact>();
  for (const draft of drafts) {
    if (draft.loop === null) continue;
    const around = levels.epochLoopOf(draft);
    const { loop, scope } = around ?? { loop: draft.loop, scope: draft.scope };
    const header = source.text.slice(loop.header.start, loop.header.end);
    const isEpochs = isEpochHeader(header);
    if (around !== null && !isEpochs) continue;
    const training = around === null ? draft.loop : levels.trainingStatementIn(loop.body, scope);
    if (training === null) continue;
    const bounds = rangeBounds(loop.iterable);
    const stepped = draft.events.filter(isStep);
    const earlier = found.get(loop);
    const optimizers = new Set([...(earlier?.optimizers ?? []), ...stepped.flatMap((event) => event.optimizers)]);
    const isOpen = draft.events.some(
      ({ kind, classified }) => kind === "unknown-call-with-model" || classified.wrapper !== undefined,
    );
    found.set(loop, {
      start: loop.start,
      end: loop.end,
      framework,
      header: { start: loop.header.start, end: loop.header.end },
      optimizers: [...optimizers].toSorted((a, b) => a - b),
      // A loop without another one around it steps once a turn, whatever its turns are called.
      counts: around === null ? "steps" : "epochs",
      length: rangeLength(loop, scope),
      lengthText: bounds === null || bounds[0] !== null ? null : textOf(bounds[1], scope),
      training: { start: training.start, end: training.end },
      validationLoss: around === null ? null : validationLossIn(loop.body, training),
      isOpen: isOpen || earlier?.isOpen === true,
    });
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

const validationLoss =
  /^(avg_?|mean_?|epoch_?|running_?|total_?)?(val(id(ation)?)?|dev|eval)_?(avg_?|epoch_?|mean_?)?loss(_?(avg|mean|epoch))?$/i;

/** A name such as `val_loss` that the epoch's own block sets after training, in plain sight. */
function validationLossIn(body: readonly Statement[], training: Statement): EpochLoopFact["validationLoss"] {
  const last = new Map<string, TextRange | null>();
  for (const statement of body) {
    if (statement.start < training.start || statement.kind !== "assignment") continue;
    for (const target of statement.targets.flatMap((each) => (each.kind === "list" ? each.items : [each]))) {
      const name = dottedText(target);
      if (name === null || !validationLoss.test(name)) continue;
      // Set to zero before a loop that adds to it: its value is not there yet.
      const isStart = statement.value?.kind === "number" || statement.value?.kind === "list";
      last.set(name, isStart ? null : { start: statement.start, end: statement.end });
    }
  }
  const [only, ...more] = [...last];
  if (only === undefined || more.length > 0) return null;
  const [name, statement] = only;
  return statement === null ? null : { name, statement };
}

function textOf(expression: Expression, { source }: Scope): string {
  return source.text.slice(expression.start, expression.end);
}
