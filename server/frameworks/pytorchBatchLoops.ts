import type { BatchLoopFact } from "../facts/batchLoopFacts.ts";
import { dottedText, terminalName } from "../facts/dottedText.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { Call, Expression, Loop } from "../syntax/tree.ts";
import { walkExpressions } from "../syntax/walk.ts";
import { handsOnBatches } from "./pytorchDataLoaders.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** Names that samples go by; `input_ids` and the like are the samples themselves. */
const identityName =
  /^(sample_?|image_?|img_?|video_?|doc(ument)?_?|utt(erance)?_?|example_?|item_?|data_?)?(ids?|idx|idxs|inds?|index|indices|indexes|uids?|guids?)$|^(\w+_)?(file|image|img|audio|video|sample)_?(names?|paths?)$|^(paths?|fnames?|filenames?|filepaths?|uids?|guids?)$/i;

/** What tells the batches of a file's training loops apart. */
export function collectTorchBatchLoops(source: SourceIndex, drafts: readonly LoopDraft[]): readonly BatchLoopFact[] {
  return drafts.flatMap(({ loop, range }) => {
    if (loop === null || loop.iterable === null) return [];
    const { iterable } = loop;
    const counts = countsIterations(iterable);
    const parts = partsOf(loop.targets);
    const index =
      counts && stepsWidely(iterable)
        ? null
        : counts
          ? nameOf(parts[0])
          : enumerated(iterable) === null
            ? null
            : nameOf(parts[0]);
    const given = index === null || counts ? parts : parts.slice(1);
    const first = loop.targets[0];
    const last = loop.targets.at(-1);
    const plain =
      index !== null || counts || first === undefined || last === undefined
        ? null
        : {
            targets: { start: first.start, end: last.end },
            iterable: { start: iterable.start, end: iterable.end },
          };
    return [
      {
        start: loop.header.start,
        end: loop.header.end,
        framework: "pytorch" as const,
        loopStart: range.start,
        over: counts ? ("counts" as const) : ("batches" as const),
        index,
        plain,
        identities: counts ? [] : identitiesOf(loop, given.flatMap(partsOfTarget)),
      },
    ];
  });

  function identitiesOf(loop: Loop, given: readonly Expression[]): readonly string[] {
    const names = given.flatMap((target) => nameOf(target) ?? []);
    const found = new Set(names.filter((name) => identityName.test(name)));
    for (const statement of loop.body) {
      walkExpressions(statement, (expression) => {
        if (expression.kind !== "subscript" || expression.object.kind !== "name") return undefined;
        const { index, object } = expression;
        if (index.kind !== "string" || index.value === null || !names.includes(object.name)) return undefined;
        if (identityName.test(index.value)) found.add(source.text.slice(expression.start, expression.end));
        return undefined;
      });
    }
    return [...found];
  }
}

function partsOf(targets: readonly Expression[]): readonly Expression[] {
  return targets.length === 1 && targets[0] !== undefined ? partsOfTarget(targets[0]) : targets;
}

function partsOfTarget(target: Expression): readonly Expression[] {
  return target.kind === "list" ? target.items : [target];
}

function nameOf(target: Expression | undefined): string | null {
  return target?.kind === "name" && target.name !== "_" ? target.name : null;
}

/** The call of `enumerate`, also inside of a progress bar. */
function enumerated(iterable: Expression): Call | null {
  if (iterable.kind !== "call") return null;
  if (terminalName(iterable.callee) === "enumerate") return iterable;
  const [first] = iterable.arguments;
  return first !== undefined && handsOnBatches.test(terminalName(iterable.callee) ?? "")
    ? enumerated(first.value)
    : null;
}

/** `range(0, n, batch_size)`: its values are places in the data. */
function stepsWidely(iterable: Expression): boolean {
  if (iterable.kind !== "call") return false;
  const [first] = iterable.arguments;
  if (/^x?range$/.test(terminalName(iterable.callee) ?? "")) return iterable.arguments.length > 2;
  return first !== undefined && stepsWidely(first.value);
}

function countsIterations(iterable: Expression): boolean {
  if (iterable.kind !== "call") return false;
  const name = terminalName(iterable.callee) ?? dottedText(iterable.callee) ?? "";
  if (/^(x?range|trange|count)$/.test(name)) return true;
  const [first] = iterable.arguments;
  return first !== undefined && handsOnBatches.test(name) && name !== "enumerate" && countsIterations(first.value);
}
